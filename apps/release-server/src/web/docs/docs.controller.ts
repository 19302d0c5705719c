import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Open } from '#auth';

import { ProblemError } from '../../problems/problem.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { sendPrepared, sendText } from '../../http/prepared-body.js';
import { contextOf } from '../../server/request-context.js';
import { PAGE_POLICY } from '../layout.js';
import { rootOf } from '../root.js';
import { StaticFiles } from '../static-files.js';
import { ContractService } from './contract.service.js';
import { docsPage } from './docs.page.js';

/** Swagger UI shows its arrows from addresses that are data. */
const POLICY = PAGE_POLICY.replace("img-src 'self'", "img-src 'self' data:");

/** The contract, as a file and as a page on which requests can be tried out. */
@Open()
@Controller()
export class DocsController {
  constructor(
    private readonly contract: ContractService,
    private readonly publicUrl: PublicUrl,
    private readonly files: StaticFiles,
  ) {}

  /** `/` leads to the packages. */
  @Get()
  root(@Req() request: Request, @Res() response: Response): void {
    response.setHeader('Cache-Control', 'no-cache');
    response.redirect(302, `${this.publicUrl.baseFor(request)}/packages`);
  }

  @Get('openapi.yaml')
  async openapi(@Req() request: Request, @Res() response: Response): Promise<void> {
    await sendPrepared(request, response, this.contract.document);
  }

  @Get('docs')
  page(@Req() request: Request, @Res() response: Response): void {
    const page = docsPage({ root: rootOf(contextOf(request).path), files: this.files });
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('Cache-Control', 'no-cache');
    sendText(response, 200, 'text/html; charset=utf-8', page);
  }

  @Get('docs/:file')
  async file(@Param('file') file: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const asset = await this.contract.pageAsset(file);
    if (asset === undefined)
      throw new ProblemError('not_found', `There is nothing at ${contextOf(request).path}.`);
    await sendPrepared(request, response, asset);
  }
}
