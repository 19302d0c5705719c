import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';

import { printable } from '../observability/printable.js';
import { auditFields } from '../server/audit-fields.js';
import type { PackageEvent, ReleaseEvent } from './package-event.js';
import { PackageEvents } from './package-events.js';

/** Writes a line of the log for every change of packages and releases. */
@Injectable()
export class AuditListener implements OnModuleInit {
  private readonly audit = new Logger('audit');
  private readonly retention = new Logger('retention');

  constructor(private readonly events: PackageEvents) {}

  onModuleInit(): void {
    this.events.subscribe((event) => this.record(event));
  }

  private record(event: PackageEvent | ReleaseEvent): void {
    const { type, actor, request } = event;
    const common = { event: type, ...auditFields(actor, request) };
    if ('tag' in event) {
      const tag = printable(event.tag);
      this.audit.log({ ...common, tag }, `${type} ${tag}`);
      return;
    }
    const { name, sha256: digest, size } = event.package;
    const fields = { ...common, name, digest, size };
    if (type === 'package.evicted') {
      const { reason, limits } = event;
      this.retention.log({ ...fields, reason, ...limits }, `evicted ${name}: ${reason}`);
    } else this.audit.log(fields, `${type} ${name}`);
  }
}
