import { Inject, Injectable } from '@nestjs/common';

import type { Eviction, Package } from '#storage';

import { RETENTION_OPTIONS, type RetentionOptions } from './retention.options.js';
import { RetentionPolicy, type RetentionContext } from './retention.policy.js';

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

  selectEvictions(packages: readonly Package[], { incoming, find }: RetentionContext): readonly Eviction[] {
    const { max_packages: limit } = this.limits;
    if (limit === null) return [];
    const added = incoming.filter(({ name }) => find(name) === undefined);
    const surplus = packages.length + added.length - limit;
    if (surplus <= 0 || (incoming.length > 0 && added.length === 0)) return [];
    const [first] = incoming;
    const reason = first === undefined ? 'over the limit at the start' : `made room for ${first.name}`;
    return oldest(packages, surplus).map((one) => ({ package: one, reason }));
  }
}

/** The last of packages that are newest first; of one age those that are first by name. */
function oldest(packages: readonly Package[], count: number): readonly Package[] {
  const chosen: Package[] = [];
  for (let end = packages.length; chosen.length < count && end > 0;) {
    const age = packages[end - 1]?.createdAt;
    let start = end - 1;
    while (start > 0 && packages[start - 1]?.createdAt === age) start -= 1;
    for (const one of packages.slice(start, end)) chosen.push(one);
    end = start;
  }
  return chosen.slice(0, count);
}
