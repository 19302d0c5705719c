import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '#auth';

import { sendPrepared } from '../http/prepared-body.js';
import { ProblemError } from '../problems/problem.js';
import { contextOf } from '../server/request-context.js';
import { StaticFiles } from './static-files.js';

/** `/static/{file}`: what pages load. */
@Public()
@Controller('static')
export class StaticController {
  constructor(private readonly files: StaticFiles) {}

  @Get(':file')
  async file(@Param('file') name: string, @Req() request: Request, @Res() response: Response): Promise<void> {
    const file = this.files.find(name);
    if (file === undefined)
      throw new ProblemError('not_found', `There is nothing at ${contextOf(request).path}.`);
    await sendPrepared(request, response, file);
  }
}
