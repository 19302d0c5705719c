import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { Public } from '#auth';

import { BusyError } from '../../http/busy.error.js';
import { InFlightBytes } from '../../http/in-flight-bytes.js';
import { readJson } from '../../server/json-body.js';
import { Context, type RequestContext } from '../../server/request-context.js';
import { parseGraphqlQuery } from './graphql-query.js';
import { GraphqlService } from './graphql.service.js';

/** Bytes of a query with its variables. */
const MAX_BODY_BYTES = 64 * 1024;
/** Bytes of answers that clients have not taken yet, beyond which no other is made. */
const MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024;
/** Seconds after which another try is worth it. */
const RETRY_AFTER_SECONDS = 2;

/** `POST /graphql`, and where GitHub Enterprise has it. A read, whatever its method. */
@Public()
@Controller(['graphql', 'api/graphql'])
export class GraphqlController {
  private readonly inFlight = new InFlightBytes<Buffer>(({ length }) => length);

  constructor(private readonly graphql: GraphqlService) {}

  @Post()
  @HttpCode(200)
  async answer(
    @Req() request: Request,
    @Res() response: Response,
    @Context() context: RequestContext,
  ): Promise<void> {
    context.isRead = true;
    const query = parseGraphqlQuery(await readJson(request, response, MAX_BODY_BYTES));
    if (this.inFlight.total > MAX_IN_FLIGHT_BYTES) {
      throw new BusyError('Too many answers are being sent; try again in a moment.', RETRY_AFTER_SECONDS);
    }
    const answer = Buffer.from(JSON.stringify(await this.graphql.answer(query, request)));
    response.once('close', this.inFlight.hold(answer));
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
    response.setHeader('Content-Length', answer.length);
    response.setHeader('Cache-Control', 'no-store');
    response.end(answer);
  }
}
