import type { Eviction, Package } from '#storage';

import { oldest } from './oldest-first.js';
import type { RetentionOptions } from './retention.options.js';
import { RetentionPolicy, type RetentionContext } from './retention.policy.js';

/**
 * Keeps at most `maxPackages`: the oldest leave first, by publish time across all packages and then by name.
 * Overwriting needs no room, so it evicts nothing.
 */
export class MaxPackagesPolicy extends RetentionPolicy {
  readonly limits: { readonly max_packages: number | null };

  constructor({ maxPackages }: Pick<RetentionOptions, 'maxPackages'>) {
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
