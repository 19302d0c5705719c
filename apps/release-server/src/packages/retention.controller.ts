import { setImmediate as nextTurn } from 'node:timers/promises';

import { Controller, Get, Res } from '@nestjs/common';
import type { Response } from 'express';

import { allows, Permissions } from '#auth';
import { prepareCatalog } from '#releases';
import { RetentionService } from '#retention';
import { PackageReader } from '#storage';

import { Context, RequestContext } from '../server/request-context.js';
import { accessTo } from './access-to.js';
import { plannedView } from './retention.view.js';

/** Packages that are looked at before other work gets its turn. */
const SLICE = 256;

/** `GET /retention`: what would leave now, and why each package leaves or stays. A grant for some packages is told of these only. Nothing is changed. */
@Controller('retention')
export class RetentionController {
  constructor(
    private readonly store: PackageReader,
    private readonly retention: RetentionService,
    private readonly permissions: Permissions,
  ) {}

  @Get()
  async plan(
    @Res({ passthrough: true }) response: Response,
    @Context() { principal }: RequestContext,
  ): Promise<string> {
    const { grant } = await this.permissions.require(principal, { scope: 'admin' });
    const snapshot = await this.store.snapshot();
    await prepareCatalog(snapshot);
    const views: string[] = [];
    let looked = 0;
    for (const planned of this.retention.plan(snapshot)) {
      const isFor = grant === undefined || allows(grant, accessTo('admin', planned.package.name));
      if (isFor) views.push(JSON.stringify(plannedView(planned)));
      looked += 1;
      if (looked % SLICE === 0) await nextTurn();
    }
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Content-Type', 'application/json');
    return `[${views.join(',')}]`;
  }
}
