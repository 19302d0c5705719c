import { Inject, Injectable } from '@nestjs/common';

import type { Eviction, EvictionContext, Package } from '#storage';

import { RETENTION_OPTIONS, type RetentionOptions } from './retention.options.js';
import { RetentionPolicy } from './retention.policy.js';

/**
 * Keeps at most `maxPackages`: the oldest leave first, by publish time across all packages and then by name.
 * Overwriting needs no room, so it evicts nothing.
 */
@Injectable()
export class MaxPackagesPolicy extends RetentionPolicy {
  readonly limits: { readonly max_packages: number | null };

  constructor(@Inject(RETENTION_OPTIONS) { maxPackages }: RetentionOptions) {
    super();
    this.limits = { max_packages: maxPackages };
  }

  selectEvictions(packages: readonly Package[], { incoming }: EvictionContext): readonly Eviction[] {
    const { max_packages: limit } = this.limits;
    if (limit === null) return [];
    if (incoming !== undefined && packages.some(({ name }) => name === incoming.name)) return [];
    const surplus = packages.length + (incoming === undefined ? 0 : 1) - limit;
    if (surplus <= 0) return [];
    const reason = incoming === undefined ? 'over the limit at the start' : `made room for ${incoming.name}`;
    const oldest = packages.toSorted(oldestFirst).slice(0, surplus);
    return oldest.map((one) => ({ package: one, reason }));
  }
}

function oldestFirst(a: Package, b: Package): number {
  return a.createdAt - b.createdAt || (a.name < b.name ? -1 : 1);
}
