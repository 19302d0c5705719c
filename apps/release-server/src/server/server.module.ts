import { Module } from '@nestjs/common';

import { DrainService } from './drain.service.js';
import { HostChecks } from './host-checks.service.js';
import { PublicUrl } from './public-url.service.js';
import { TrustedProxies } from './trusted-proxies.service.js';

const SERVICES = [DrainService, HostChecks, PublicUrl, TrustedProxies];

/** What is known of all requests, whatever they ask for. */
@Module({ providers: SERVICES, exports: SERVICES })
export class ServerModule {}
