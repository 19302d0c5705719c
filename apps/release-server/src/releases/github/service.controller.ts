import { Controller, Get, HttpCode, Param, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Principals, Public } from '#auth';

import { prepareBody, sendPrepared } from '../../http/prepared-body.js';
import { ProblemError } from '../../problems/problem.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { Context, RequestContext } from '../../server/request-context.js';
import { DraftAccess } from '../draft-access.js';
import { authorView, SERVER_LOGIN } from '../release.view.js';
import { Repository } from '../repository.js';
import { GithubApi, JSON_TYPE } from './github-api.js';
import { GithubReleases } from './github-releases.service.js';
import { rateLimitView } from './rate-limit.js';
import { RepositoryGuard } from './repository.guard.js';
import { githubRepository } from './repository.view.js';

/** The version of GitHub Enterprise Server whose API this is: clients decide by it what they ask for. */
const INSTALLED_VERSION = '3.17.0';

/** What clients ask beside releases: of the repository, of themselves, and of the service. */
@UseGuards(RepositoryGuard)
@Controller(['', 'api/v3'])
export class GithubServiceController {
  constructor(
    private readonly releases: GithubReleases,
    private readonly principals: Principals,
    private readonly access: DraftAccess,
    private readonly publicUrl: PublicUrl,
    private readonly repository: Repository,
    private readonly api: GithubApi,
  ) {}

  @Public()
  @Get('repos/:owner/:repo')
  async repositoryOf(@Req() request: Request, @Res() response: Response): Promise<void> {
    const principal = await this.principals.of(request);
    const mayWrite = principal !== undefined && (await this.access.mayWrite(principal));
    const view = githubRepository(
      this.api.addressFor(request),
      this.repository,
      await this.releases.catalog(request),
      mayWrite,
    );
    const headers = {
      Vary: 'Authorization',
      ...(principal !== undefined && { 'Cache-Control': 'private, no-cache' }),
    };
    await sendPrepared(request, response, prepareBody(JSON_TYPE, JSON.stringify(view), { headers }));
  }

  /** Whether someone may publish here, which release-it asks first: known is only the owner of the token that asks. */
  @Get('repos/:owner/:repo/collaborators/:login')
  @HttpCode(204)
  async collaborator(@Param('login') login: string, @Context() { principal }: RequestContext): Promise<void> {
    if (login !== (principal?.name ?? SERVER_LOGIN))
      throw new ProblemError('not_found', `${login} is not the owner of this token.`);
    if (principal !== undefined && (await this.access.mayWrite(principal))) return;
    throw new ProblemError('not_found', `${login} may publish nothing here.`);
  }

  @Get('user')
  user(@Req() request: Request, @Context() { principal }: RequestContext) {
    return { ...authorView(this.publicUrl.baseFor(request), principal?.name), name: principal?.name ?? null };
  }

  @Public()
  @Get('rate_limit')
  rateLimit() {
    const rate = rateLimitView();
    return { resources: { core: rate, graphql: rate, search: rate }, rate };
  }

  @Public()
  @Get('meta')
  meta() {
    return { verifiable_password_authentication: false, installed_version: INSTALLED_VERSION };
  }
}
