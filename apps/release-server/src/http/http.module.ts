import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';

import { PagesModule } from '../web/pages.module.js';
import { DrainService } from '../server/drain.service.js';
import { HostChecks } from '../server/host-checks.middleware.js';
import { ProblemDetailsFilter } from '../problems/problem-details.filter.js';
import { PublicUrl } from './public-url.service.js';
import { RequestChecks } from '../server/request-checks.middleware.js';
import { RequestLog } from '../server/request-log.middleware.js';
import { TrustedProxies } from '../server/trusted-proxies.service.js';

/** What all routes share: request log, checks, error answers, addresses, graceful end. */
@Module({
  imports: [PagesModule],
  providers: [
    DrainService,
    HostChecks,
    PublicUrl,
    RequestChecks,
    RequestLog,
    TrustedProxies,
    { provide: APP_FILTER, useClass: ProblemDetailsFilter },
  ],
  exports: [PublicUrl],
})
export class HttpModule {}
