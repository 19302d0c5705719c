import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { Injectable } from '@nestjs/common';

import { Config } from '../config/config.js';
import { keepHeaders, setKeptHeaders } from '../http/head.js';
import { keepPrivate } from '../http/private-answer.js';
import { DrainService } from './drain.service.js';
import { HostChecks } from './host-checks.service.js';
import { ProblemFilter } from './problem.filter.js';
import { ReadPath } from './read-path.js';
import { checkRequest } from './request-checks.js';
import { beginRequest, contextOf } from './request-context.js';
import { RequestLog } from './request-log.js';
import { securityHeaders } from './security-headers.js';
import { TrustedProxies } from './trusted-proxies.service.js';

/** What every request passes before a framework sees it, whatever its address. */
@Injectable()
export class Edge {
  private readonly closesReads: boolean;

  constructor(
    private readonly proxies: TrustedProxies,
    private readonly drain: DrainService,
    private readonly hosts: HostChecks,
    private readonly reads: ReadPath,
    private readonly problems: ProblemFilter,
    private readonly log: RequestLog,
    config: Config,
  ) {
    this.closesReads = config.read_access === 'token';
  }

  /** A listener that passes on to `next` what is neither refused nor answered by the read path. */
  before(next: RequestListener): RequestListener {
    return (request, response) => {
      const context = beginRequest(request, this.proxies);
      this.drain.track(response);
      keepHeaders(response, ['X-Request-Id', context.id, ...securityHeaders(request)]);
      if (this.closesReads) keepPrivate(response, { isPrivate: () => context.isPrivate });
      try {
        checkRequest(request, response);
        this.hosts.check(request, context);
        const read = this.reads.find(request, context);
        if (read === undefined) {
          setKeptHeaders(response);
          next(request, response);
          return;
        }
        const rest = context.path.slice(read.path.length);
        read
          .handle(request, response, context, rest)
          ?.catch((error: unknown) => this.refuse(error, request, response));
      } catch (error) {
        this.refuse(error, request, response);
      }
    };
  }

  /** Of a request whose answer is out, or whose client is gone. */
  after(request: IncomingMessage, response: ServerResponse): void {
    this.drain.forget(response);
    this.log.write(contextOf(request), request, response);
  }

  private refuse(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (!response.headersSent) setKeptHeaders(response);
    this.problems.answer(error, request, response);
  }
}
