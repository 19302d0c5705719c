import type { RequestListener } from 'node:http';

import { Injectable } from '@nestjs/common';

import { DrainService } from './drain.service.js';
import { HostChecks } from './host-checks.service.js';
import { ProblemFilter } from './problem.filter.js';
import { checkRequest } from './request-checks.js';
import { beginRequest } from './request-context.js';
import { logRequest } from './request-log.js';
import { setSecurityHeaders } from './security-headers.js';
import { TrustedProxies } from './trusted-proxies.service.js';

/** What every request passes before a framework sees it, whatever its address. */
@Injectable()
export class Edge {
  constructor(
    private readonly proxies: TrustedProxies,
    private readonly drain: DrainService,
    private readonly hosts: HostChecks,
    private readonly problems: ProblemFilter,
  ) {}

  /** A listener that passes on to `next` what is not refused. */
  before(next: RequestListener): RequestListener {
    return (request, response) => {
      const context = beginRequest(request, this.proxies);
      logRequest(context, request, response);
      this.drain.track(response);
      setSecurityHeaders(request, response);
      try {
        checkRequest(request, response);
        this.hosts.check(request, context);
      } catch (error) {
        this.problems.answer(error, request, response);
        return;
      }
      next(request, response);
    };
  }
}
