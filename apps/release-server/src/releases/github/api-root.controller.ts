import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';

import { GithubApi } from './github-api.js';
import { RepositoryGuard } from './repository.guard.js';

/** The root of the API where GitHub Enterprise has it: by it `gh auth status` tells whether a token is valid. */
@UseGuards(RepositoryGuard)
@Controller('api/v3')
export class GithubApiRootController {
  constructor(private readonly api: GithubApi) {}

  @Get()
  links(@Req() request: Request) {
    const { root } = this.api.addressFor(request);
    return {
      current_user_url: `${root}/user`,
      rate_limit_url: `${root}/rate_limit`,
      repository_url: `${root}/repos/{owner}/{repo}`,
    };
  }
}
