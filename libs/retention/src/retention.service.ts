import { Inject, Injectable, Logger } from '@nestjs/common';

import { catalogOf } from '#releases';
import {
  finderIn,
  inOrder,
  StorageError,
  type Evict,
  type Eviction,
  type EvictionContext,
  type IncomingPackage,
  type Package,
  type StoreSnapshot,
} from '#storage';

import { withEndedReleases } from './ended-releases.js';
import { RETENTION_OPTIONS, type RetentionOptions } from './retention.options.js';
import { RetentionPolicy } from './retention.policy.js';

/** What becomes of a package. */
export interface PlannedPackage {
  readonly package: Package;
  /** The tag of its release; undefined where it is of none. */
  readonly release: string | undefined;
  /** Whether it would leave now. */
  readonly leaves: boolean;
  /** Why it leaves or stays, in a few words. */
  readonly reason: string;
  /** When it leaves by its age, in milliseconds since the epoch; undefined where it does not. */
  readonly leavesAt: number | undefined;
}

/** Asks the policy what leaves, for a store that removes it and for those who want to know beforehand. */
@Injectable()
export class RetentionService {
  private readonly logger = new Logger('retention');

  /** For every publish, and for the prune at the start. */
  readonly evict: Evict = (packages, context) => this.choose(packages, context);

  constructor(
    private readonly policy: RetentionPolicy,
    @Inject(RETENTION_OPTIONS) private readonly options: RetentionOptions,
  ) {}

  /** What the policy goes by. */
  get limits(): RetentionPolicy['limits'] {
    return this.policy.limits;
  }

  /**
   * What would leave if these came, one after the other, and nothing else happened. None where the policy fails, which
   * the publish itself would tell.
   */
  foresee(snapshot: StoreSnapshot, incoming: readonly IncomingPackage[]): readonly Package[] {
    if (incoming.length === 0 || this.options.readOnly) return [];
    try {
      const context = { incoming, releases: snapshot.releases, snapshot, now: Date.now() };
      return this.choose(snapshot.packages, context).map((eviction) => eviction.package);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'retention_limit_reached') return [];
      this.logger.warn({ err: error }, 'the retention policy cannot say what leaves next');
      return [];
    }
  }

  /**
   * What retention would do with each package if it were applied now, and why: first what leaves, in that order, then the
   * others, newest first. Nothing is changed. The catalog of the snapshot should be there already.
   */
  *plan(snapshot: StoreSnapshot, now = Date.now()): Generator<PlannedPackage, void> {
    const { packages, releases } = snapshot;
    const context = { incoming: [], releases, snapshot, now, find: finderIn(packages) };
    const catalog = catalogOf(snapshot);
    const explained = this.policy.explain?.(context);
    const leaving = new Set<string>();
    const planned = (stored: Package, leaves: boolean, reason: string, leavesAt?: number): PlannedPackage => {
      const { hasTag, tag } = catalog.releaseOf(stored);
      return { package: stored, release: hasTag ? tag : undefined, leaves, reason, leavesAt };
    };
    for (const { package: stored, reason } of this.choose(packages, context)) {
      leaving.add(stored.name);
      yield planned(stored, true, reason, now);
    }
    for (const stored of packages) {
      if (leaving.has(stored.name)) continue;
      const reason = explained?.whyStays(stored) ?? 'within the limits';
      yield planned(stored, false, reason, explained?.leavesAt(stored));
    }
  }

  /** Whether something may leave by the time alone: see {@link dueAt}. */
  get goesByTime(): boolean {
    return this.policy.dueAt !== undefined && !this.options.readOnly;
  }

  /** When that is next, in milliseconds since the epoch; undefined for never. */
  dueAt(snapshot: StoreSnapshot, now = Date.now()): number | undefined {
    return this.policy.dueAt?.(snapshot, now);
  }

  /** The refusal of a store to lose what it has never published, with what there is to do. */
  withAdvice(error: unknown): unknown {
    if (!(error instanceof StorageError) || error.code !== 'foreign_packages') return error;
    const limits = Object.entries(this.policy.limits).map(
      ([key, value]) => `${key} (now ${JSON.stringify(value)})`,
    );
    const raise =
      limits.length === 0 ? '' : `Change ${limits.join(', ')} so that all of them may stay, or store`;
    const advice = `${raise || 'Store'} the packages in a directory of their own.`;
    return new StorageError(error.code, `${error.message} ${advice}`);
  }

  /**
   * What the policy chooses, each package once. A policy is replaceable, so its answer is checked: anything but a list of
   * stored packages with reasons throws, and nothing leaves.
   */
  private choose(packages: readonly Package[], context: EvictionContext): readonly Eviction[] {
    const find = finderIn(packages, context);
    const ordered = inOrder(packages);
    const { releases } = context;
    const snapshot =
      context.snapshot?.packages === ordered ? context.snapshot : { packages: ordered, drafts: [], releases };
    const chosen: unknown = this.policy.selectEvictions(ordered, { ...context, find, snapshot });
    if (!Array.isArray(chosen)) {
      throw new TypeError('The retention policy did not return an array of evictions from selectEvictions.');
    }
    if (chosen.length === 0) return [];
    const evictions = new Map<string, Eviction>();
    for (const one of chosen as (Partial<Eviction> | undefined | null)[]) {
      const name = String(one?.package?.name);
      if (evictions.has(name) || context.incoming.some((coming) => coming.name === name)) continue;
      const found = find(name);
      if (found === undefined) {
        throw new TypeError(`The retention policy chose ${JSON.stringify(name)}, which is not stored.`);
      }
      if (typeof one?.reason !== 'string') {
        throw new TypeError(`The retention policy gave no reason for ${JSON.stringify(name)}.`);
      }
      evictions.set(name, { package: found, reason: one.reason });
    }
    return withEndedReleases([...evictions.values()], { ...context, snapshot });
  }
}
