import type { ServerResponse } from 'node:http';

import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

import { ProblemError } from '../../problems/problem.js';
import { Repository } from '../repository.js';
import { rateLimitHeaders } from './rate-limit.js';

/** Lets through what is asked of a repository that this server answers for, and gives answers GitHub's headers. */
@Injectable()
export class RepositoryGuard implements CanActivate {
  constructor(private readonly repository: Repository) {}

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { owner, repo } = http.getRequest<Request>().params;
    const isKnown =
      owner === undefined || repo === undefined || this.repository.answers(String(owner), String(repo));
    if (!isKnown) throw new ProblemError('not_found', `This server is not ${String(owner)}/${String(repo)}.`);
    const response = http.getResponse<ServerResponse>();
    response.setHeader('X-GitHub-Media-Type', 'github.v3; format=json');
    for (const [name, value] of Object.entries(rateLimitHeaders())) response.setHeader(name, value);
    return true;
  }
}
