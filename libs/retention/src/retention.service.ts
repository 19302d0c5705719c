import { Inject, Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';

import {
  PackageStore,
  type Package,
  type PublishCondition,
  type PublishResult,
  type StagedPackage,
} from '#storage';

import { RETENTION_OPTIONS } from './retention.module-definition.js';
import type { RetentionOptions } from './retention.options.js';
import { selectEvictions } from './retention.policy.js';

/** Keeps the number of packages within the limit, by giving the policy to the store with every publish. */
@Injectable()
export class RetentionService implements OnApplicationBootstrap {
  private readonly logger = new Logger('retention');

  constructor(
    private readonly store: PackageStore,
    @Inject(RETENTION_OPTIONS) private readonly options: RetentionOptions,
  ) {}

  /** Applies a limit that was lowered since the last run, before the first request is answered. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.options.readOnly) await this.enforce();
  }

  /** Publishes, and evicts what the limit then leaves no room for, in one step. Errors: see `PackageStore.publish`. */
  async publish(staged: StagedPackage, name: string, condition: PublishCondition): Promise<PublishResult> {
    const result = await this.store.publish(staged, name, {
      condition,
      evict: (packages, incoming) => selectEvictions(packages, this.options, incoming),
    });
    for (const evicted of result.evicted) this.audit(evicted, `made room for ${name}`);
    return result;
  }

  private async enforce(): Promise<void> {
    const evicted = await this.store.prune((packages) => selectEvictions(packages, this.options));
    for (const gone of evicted) this.audit(gone, 'the limit was lowered');
  }

  private audit({ name, sha256, size }: Package, reason: string): void {
    this.logger.log(
      {
        event: 'package.evicted',
        name,
        digest: sha256,
        size,
        reason,
        max_packages: this.options.maxPackages,
      },
      `evicted ${name}: ${reason}`,
    );
  }
}
