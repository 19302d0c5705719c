import { catalogOf } from '#releases';
import { StorageError, type Eviction, type Package, type StoreSnapshot } from '#storage';

import { oldest } from './oldest-first.js';
import { RetentionPlan, type PlanRules } from './plan.js';
import { Protection } from './protection.js';
import { RetentionPolicy, type RetentionContext } from './retention.policy.js';
import { spanOf } from './span.js';

/** Packages that a refusal looks at to say what keeps them. */
const NAMED = 100;

/** Keeps what {@link RetentionPlan} does not let leave. */
export class RulesPolicy extends RetentionPolicy {
  readonly limits: Readonly<Record<string, unknown>>;
  private readonly protection: Protection;

  constructor(private readonly rules: PlanRules) {
    super();
    const { maxPackages, evict, keepReleases, keepPrereleases, maxAgeMs, protect, protectLatest } = rules;
    this.protection = new Protection(protect);
    this.limits = {
      max_packages: maxPackages,
      evict,
      keep_releases: keepReleases,
      keep_prereleases: keepPrereleases,
      max_age: maxAgeMs === null ? null : spanOf(maxAgeMs),
      protect,
      protect_latest: protectLatest,
    };
  }

  /** Throws `retention_limit_reached` for a package that would exceed the limit because what is stored is protected. */
  selectEvictions(_packages: readonly Package[], context: RetentionContext): readonly Eviction[] {
    const plan = this.explain(context);
    if (plan.excess > 0 && context.incoming.length > 0) throw this.refusal(plan, context);
    return plan.evictions;
  }

  override explain(context: RetentionContext): RetentionPlan {
    return new RetentionPlan(this.rules, this.protection, catalogOf(context.snapshot), context);
  }

  override dueAt(snapshot: StoreSnapshot, now: number): number | undefined {
    if (this.rules.maxAgeMs === null) return undefined;
    const { releases } = snapshot;
    return this.explain({ incoming: [], releases, snapshot, now, find: () => undefined }).dueAt;
  }

  private refusal(plan: RetentionPlan, { snapshot, incoming: [first] }: RetentionContext): StorageError {
    const reasons = oldest(snapshot.packages, NAMED).map((stored) => plan.whyStays(stored));
    const why = [...new Set(reasons)].filter((one) => one !== undefined);
    return new StorageError(
      'retention_limit_reached',
      `There is no room for ${first?.name ?? 'it'}: max_packages is ${this.rules.maxPackages}, and what would have to leave ` +
        `is ${why.length === 0 ? 'less than what comes' : why.join(', ')}. Raise max_packages, protect less, or delete packages.`,
    );
  }
}
