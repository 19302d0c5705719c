import { compareVersions, type Release, type ReleaseCatalog } from '#releases';
import type { Eviction, Package } from '#storage';

import { incomingRelease, type IncomingRelease } from './incoming-release.js';
import { oldestFirst } from './oldest-first.js';
import type { Protection } from './protection.js';
import type { RetentionRules } from './retention.options.js';
import type { Explanation, RetentionContext } from './retention.policy.js';
import { spanOf } from './span.js';

export interface PlanRules extends RetentionRules {
  /** Null for no limit. */
  readonly maxPackages: number | null;
}

/** What leaves at a time: a package, or a whole release. */
interface Unit {
  readonly packages: readonly Package[];
  readonly time: number;
}

/**
 * What leaves of a snapshot by the rules, each with its reason, and why the others stay. Pure: made of what is stored, what
 * comes and the time alone, and so the same for a publish, a start, the timer and a dry run.
 *
 * A release counts with at least one public package and a tag. Packages without either are releases of their own, which
 * only age and the number of packages let go. What comes stays, and so do drafts, which are not among the packages.
 */
export class RetentionPlan implements Explanation {
  /** How many packages remain beyond `maxPackages` that nothing may leave for. */
  readonly excess: number;
  /** By name: a catalog may have another object for the same package. */
  private readonly leaving = new Map<string, Eviction>();
  private readonly coming: ReadonlySet<string>;
  private readonly published: IncomingRelease | undefined;
  private readonly latest: ReadonlySet<Release>;

  constructor(
    private readonly rules: PlanRules,
    private readonly protection: Protection,
    private readonly catalog: ReleaseCatalog,
    private readonly context: RetentionContext,
  ) {
    this.coming = new Set(context.incoming.map(({ name }) => name));
    this.published = incomingRelease(context, catalog);
    this.latest = rules.protectLatest ? this.latestReleases() : new Set();
    this.letOldLeave();
    this.letReleasesLeave(false, rules.keepReleases, 'releases (keep_releases)');
    this.letReleasesLeave(true, rules.keepPrereleases, 'pre-releases (keep_prereleases)');
    this.excess = this.letSurplusLeave();
  }

  /** In the order in which they leave. */
  get evictions(): readonly Eviction[] {
    return [...this.leaving.values()];
  }

  /** Why a package stays; undefined where it leaves. */
  whyStays(stored: Package): string | undefined {
    if (this.leaving.has(stored.name)) return undefined;
    const release = this.catalog.releaseOf(stored);
    const { evict } = this.rules;
    const protector =
      evict === 'releases' && release.hasTag ? this.keeps(release) : this.holds(stored, release);
    return protector === undefined ? 'within the limits' : `protected by ${protector}`;
  }

  /** When a package leaves by its age, in milliseconds since the epoch; undefined where it does not. */
  leavesAt(stored: Package): number | undefined {
    const { maxAgeMs, evict } = this.rules;
    if (maxAgeMs === null) return undefined;
    const release = this.catalog.releaseOf(stored);
    const isWhole = evict === 'releases' && release.hasTag;
    if ((isWhole ? this.keeps(release) : this.holds(stored, release)) !== undefined) return undefined;
    return (isWhole ? timeOf(release) : timeIn(release, stored)) + maxAgeMs;
  }

  /** When the next one does: now where something leaves already. */
  get dueAt(): number | undefined {
    const { maxAgeMs, evict } = this.rules;
    if (this.leaving.size > 0) return this.context.now;
    if (maxAgeMs === null) return undefined;
    if (evict === 'releases') {
      const next = this.unitsOldestFirst().next();
      return next.done === true ? undefined : next.value.time + maxAgeMs;
    }
    let due: number | undefined;
    for (const stored of oldestFirst(this.catalog.packages)) {
      if (due !== undefined && stored.createdAt + maxAgeMs >= due) break;
      const at = this.leavesAt(stored);
      if (at !== undefined) due = Math.min(at, due ?? at);
    }
    return due;
  }

  private letOldLeave(): void {
    const { maxAgeMs, evict } = this.rules;
    if (maxAgeMs === null) return;
    const before = this.context.now - maxAgeMs;
    const reason = `older than max_age (${spanOf(maxAgeMs)})`;
    if (evict === 'releases') {
      for (const { packages, time } of this.unitsOldestFirst()) {
        if (time > before) return;
        this.leave(packages, reason);
      }
      return;
    }
    for (const stored of oldestFirst(this.catalog.packages)) {
      // What became public later than it came is no older than that.
      if (stored.createdAt > before) return;
      const release = this.catalog.releaseOf(stored);
      if (timeIn(release, stored) > before || this.holds(stored, release) !== undefined) continue;
      this.leave([stored], reason);
    }
  }

  private letReleasesLeave(isPrerelease: boolean, limit: number | null, what: string): void {
    if (limit === null) return;
    const { published } = this;
    const others = this.catalog.releases.filter(
      (one) =>
        counts(one) && one.isPrerelease === isPrerelease && one !== published?.stored && !this.isGone(one),
    );
    const room = limit - Number(published?.isPrerelease === isPrerelease);
    if (others.length <= room) return;
    for (const release of others.toSorted(oldFirst).slice(0, others.length - room)) {
      if (this.keeps(release) !== undefined) continue;
      this.leave([...oldestFirst(release.assets)], `not of the newest ${limit} ${what}`);
    }
  }

  /** Returns how many are too many after all. */
  private letSurplusLeave(): number {
    const { maxPackages, evict } = this.rules;
    const { incoming, find } = this.context;
    if (maxPackages === null) return 0;
    const added = incoming.filter(({ name }) => find(name) === undefined).length;
    const surplus = (): number => this.catalog.packages.length - this.leaving.size + added - maxPackages;
    // Overwriting needs no room.
    if (incoming.length > 0 && added === 0) return 0;
    const [first] = incoming;
    const reason = first === undefined ? `over max_packages (${maxPackages})` : `made room for ${first.name}`;
    if (surplus() > 0) {
      const units =
        evict === 'releases' ? this.unitsOldestFirst() : this.packagesOldestFirst(this.catalog.packages);
      for (const { packages } of units) {
        this.leave(packages, reason);
        if (surplus() <= 0) break;
      }
    }
    return Math.max(0, surplus());
  }

  /** Those that may leave and do not yet. */
  private *packagesOldestFirst(packages: readonly Package[]): Generator<Unit, void> {
    for (const stored of oldestFirst(packages)) {
      if (this.leaving.has(stored.name) || this.coming.has(stored.name)) continue;
      if (this.holds(stored, this.catalog.releaseOf(stored)) !== undefined) continue;
      yield { packages: [stored], time: stored.createdAt };
    }
  }

  /** Releases that may leave and do not yet, and packages that are of none, by age. */
  private *unitsOldestFirst(): Generator<Unit, void> {
    const wholes = this.catalog.releases
      .filter((one) => counts(one) && !this.isGone(one) && this.keeps(one) === undefined)
      .toSorted(oldFirst);
    const singles = this.singlesOldestFirst();
    let single = singles.next();
    for (const release of wholes) {
      const time = timeOf(release);
      for (; single.done !== true && single.value.time <= time; single = singles.next()) yield single.value;
      yield { packages: [...oldestFirst(release.assets)], time };
    }
    for (; single.done !== true; single = singles.next()) yield single.value;
  }

  private *singlesOldestFirst(): Generator<Unit, void> {
    const untagged = this.catalog.releases.find(({ hasTag }) => !hasTag);
    if (untagged !== undefined) yield* this.packagesOldestFirst(untagged.assets);
  }

  private leave(packages: readonly Package[], reason: string): void {
    for (const stored of packages) {
      if (this.coming.has(stored.name) || this.leaving.has(stored.name)) continue;
      this.leaving.set(stored.name, { package: stored, reason });
    }
  }

  private isGone({ assets }: Release): boolean {
    return assets.every((stored) => this.leaving.has(stored.name));
  }

  /** What keeps a package, in words, whatever its age. */
  private holds(stored: Package, release: Release): string | undefined {
    if (this.latest.has(release)) return 'protect_latest';
    return this.protection.ofPackage(stored, release);
  }

  /** What keeps a release whole. */
  private keeps(release: Release): string | undefined {
    if (release === this.published?.stored) return 'its publication';
    return this.latest.has(release) ? 'protect_latest' : this.protection.ofRelease(release);
  }

  /** The highest stable release, unless a higher one is being published, and the one that is marked as the latest. */
  private latestReleases(): ReadonlySet<Release> {
    const { catalog, published } = this;
    const highest = catalog.releases.find(
      (one) => counts(one) && !one.isPrerelease && one.version !== undefined,
    );
    const found = [highest, catalog.latestRelease].filter((one) => one !== undefined);
    return new Set(
      found.filter((one) => typeof one.record?.latest === 'number' || !isOutdoneBy(published, one)),
    );
  }
}

/** Whether keeping so many releases is about this one. */
function counts({ hasTag, assets }: Release): boolean {
  return hasTag && assets.length > 0;
}

function isOutdoneBy(published: IncomingRelease | undefined, { version }: Release): boolean {
  if (published?.version === undefined || published.isPrerelease) return false;
  return version === undefined || compareVersions(published.version, version) > 0;
}

/** When the last of its packages came, or it became public where that was later. */
function timeOf({ assets, publishedAt = 0 }: Release): number {
  return Math.max(assets[0]?.createdAt ?? 0, publishedAt);
}

/** When a package came, or its release became public where that was later. */
function timeIn({ record }: Release, { createdAt }: Package): number {
  return Math.max(createdAt, record?.publishedAt ?? 0);
}

function oldFirst(a: Release, b: Release): number {
  return timeOf(a) - timeOf(b) || (a.tag < b.tag ? -1 : 1);
}
