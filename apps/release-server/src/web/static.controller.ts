import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Get, Param, Req, Res } from '@nestjs/common';

import { Open } from '#auth';

import { sendPrepared } from '../http/prepared-body.js';
import { ProblemError } from '../problems/problem.js';
import { contextOf } from '../server/request-context.js';
import { StaticFiles } from './static-files.js';

/** `/static/{file}`: what pages load. */
@Open()
@Controller('static')
export class StaticController {
  constructor(private readonly files: StaticFiles) {}

  @Get(':file')
  file(
    @Param('file') name: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): void | Promise<void> {
    const file = this.files.find(name);
    if (file === undefined)
      throw new ProblemError('not_found', `There is nothing at ${contextOf(request).path}.`);
    return sendPrepared(request, response, file);
  }
}
