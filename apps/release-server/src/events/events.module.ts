import { Module } from '@nestjs/common';

import { AuditListener } from './audit.listener.js';
import { PackageEvents } from './package-events.js';

/** What happened to the packages, and who hears of it. */
@Module({ providers: [PackageEvents, AuditListener], exports: [PackageEvents] })
export class EventsModule {}
