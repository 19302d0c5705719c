import { MaxPackagesPolicy } from './max-packages.policy.js';
import type { RetentionOptions } from './retention.options.js';
import type { RetentionPolicy } from './retention.policy.js';
import { RulesPolicy } from './rules.policy.js';

/** The policy of what the configuration says. The number of packages alone is kept without a look at more than leaves. */
export function defaultPolicy(options: RetentionOptions): RetentionPolicy {
  const { maxPackages, rules } = options;
  const isNumberAlone =
    rules === undefined ||
    (rules.evict === 'packages' &&
      rules.keepReleases === null &&
      rules.keepPrereleases === null &&
      rules.maxAgeMs === null &&
      rules.protect.length === 0 &&
      !rules.protectLatest);
  return isNumberAlone ? new MaxPackagesPolicy(options) : new RulesPolicy({ ...rules, maxPackages });
}
