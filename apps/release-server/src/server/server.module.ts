import { Module } from '@nestjs/common';

import { DrainService } from './drain.service.js';
import { HostChecks } from './host-checks.service.js';
import { PublicUrl } from './public-url.service.js';
import { ReadPath } from './read-path.js';
import { RequestLog } from './request-log.js';
import { TrustedProxies } from './trusted-proxies.service.js';

const SERVICES = [DrainService, HostChecks, PublicUrl, ReadPath, RequestLog, TrustedProxies];

/** The services that all requests pass or use, whatever their route. */
@Module({ providers: SERVICES, exports: SERVICES })
export class ServerModule {}
