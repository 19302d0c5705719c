/** What the index says of one package. */
export interface Entry {
  readonly key: string;
  readonly sha256: string;
  /** Publish time in milliseconds since the epoch. */
  readonly at: number;
}

interface Garbage extends Entry {
  readonly name: string;
  readonly why: string;
  readonly by: string;
}

/** A span of `performance.now()`. */
export interface Span {
  readonly began: number;
  readonly ended: number;
}

/** One version of the index, written at some moment of its span. */
export interface Version extends Span {
  readonly seq: number;
  readonly last: number;
  readonly packages: ReadonlyMap<string, Entry>;
  readonly garbage: readonly Garbage[];
  readonly releases: ReleaseVersions;
}

/** What a version of the index says of releases. */
export interface ReleaseVersions {
  /** The packages in the folders of releases, by folder and name. */
  readonly packages: ReadonlyMap<string, Entry>;
  readonly drafts: ReadonlySet<string>;
  /** The tags that have a record. */
  readonly records: ReadonlySet<string>;
  readonly garbage: readonly Garbage[];
}

/** A version became the package of a name. */
export interface Arrival extends Span, Entry {
  readonly name: string;
  /** Digest of the version that it took the place of. */
  readonly replaced: string | undefined;
}

/** A version left, and why, by the index. */
export interface Departure extends Span, Entry {
  readonly name: string;
  readonly why: string;
}

export function parseVersion(text: string, { began, ended }: Span): Version {
  const { seq, last, packages, garbage, releases } = JSON.parse(text) as {
    seq: number;
    last: number;
    packages: Record<string, Entry>;
    garbage: Garbage[];
    releases?: {
      records: Record<string, { record: { isDraft: boolean } }>;
      packages: Record<string, Entry>;
      garbage: Garbage[];
    };
  };
  const records = Object.entries(releases?.records ?? {});
  return {
    began,
    ended,
    seq,
    last,
    packages: new Map(Object.entries(packages)),
    garbage,
    releases: {
      packages: new Map(Object.entries(releases?.packages ?? {})),
      drafts: new Set(records.flatMap(([tag, { record }]) => (record.isDraft ? [tag] : []))),
      records: new Set(records.map(([tag]) => tag)),
      garbage: releases?.garbage ?? [],
    },
  };
}

export function overlap(one: Span, other: Span): boolean {
  return one.began <= other.ended && other.began <= one.ended;
}

/** What the deletion of blobs is held against. */
export interface Rules {
  /** Most packages. */
  readonly limit: number;
  /** Milliseconds for which a blob has to outlive its package, by the clock of the test. */
  readonly grace: number;
}

/**
 * All versions that the index ever had, held against the rules without any code of the product: each follows the one
 * before by steps that have a reason.
 */
export class IndexHistory {
  readonly arrivals = new Map<string, Arrival>();
  readonly departures: Departure[] = [];
  readonly problems: string[] = [];
  private readonly versions: readonly Version[];

  constructor(
    versions: readonly Version[],
    /** Deletions of blobs that the store did. */
    private readonly deletions: readonly (Span & { readonly key: string })[],
    private readonly rules: Rules,
  ) {
    this.versions = versions.toSorted((a, b) => a.seq - b.seq);
    for (const [at, after] of this.versions.entries()) {
      const before = this.versions[at - 1];
      if (before !== undefined) this.step(before, after);
      else if (after.seq !== 0) this.problems.push('the first version was never seen');
    }
    this.checkDeletions();
  }

  get latest(): Version | undefined {
    return this.versions.at(-1);
  }

  /** The versions that were the latest at some moment of a span, or may have been. */
  during({ began, ended }: Span): Version[] {
    return this.versions.filter(
      (one, at) => one.began <= ended && (this.versions[at + 1]?.ended ?? Infinity) >= began,
    );
  }

  /**
   * What a name stood for, by digest, at some moment of a span, or may have; undefined where it was free. Changes that one
   * version brings together come one after the other, so that there are moments between them.
   */
  statesOf(name: string, span: Span): (string | undefined)[] {
    const isMeant = (one: Arrival | Departure): boolean => one.name === name && overlap(one, span);
    const came = [...this.arrivals.values()].filter(isMeant).map(({ sha256 }) => sha256);
    const freed = this.departures.filter((one) => isMeant(one) && one.why !== 'overwritten');
    return [
      ...this.during(span).map(({ packages }) => packages.get(name)?.sha256),
      ...came,
      ...freed.map(() => undefined),
    ];
  }

  private step(before: Version, after: Version): void {
    if (after.seq === before.seq) this.problems.push(`two versions ${after.seq} of the index were written`);
    if (after.seq > before.seq + 1) this.problems.push(`version ${before.seq + 1} was never seen`);
    if (after.packages.size > this.rules.limit) {
      this.problems.push(`version ${after.seq} has ${after.packages.size} packages`);
    }
    const arrived = this.arrive(before, after);
    this.depart(before, after, arrived);
    this.forget(before, after);
  }

  /** Finds what is new in a version, and when it must have come. */
  private arrive(before: Version, after: Version): ReadonlyMap<string, Arrival> {
    const known = new Set([...before.packages.values(), ...before.garbage].map(({ key }) => key));
    const listed = [...after.packages].map(([name, entry]) => ({ ...entry, name }));
    const arrived = new Map<string, Arrival>();
    for (const { name, key, sha256, at } of [...listed, ...after.garbage]) {
      if (known.has(key)) continue;
      const replaced = after.garbage.find(({ why, by }) => why === 'overwritten' && by === key)?.sha256;
      const { began, ended } = after;
      const arrival = { name, key, sha256, at, replaced, began, ended };
      if (at <= before.last)
        this.problems.push(`${name} of version ${after.seq} is older than what was there`);
      if (this.arrivals.has(sha256))
        this.problems.push(`${name} came twice, at last in version ${after.seq}`);
      this.arrivals.set(sha256, arrival);
      arrived.set(key, arrival);
    }
    return arrived;
  }

  /** Finds what left, and whether it may. */
  private depart(before: Version, after: Version, arrived: ReadonlyMap<string, Arrival>): void {
    const condemned = new Map(after.garbage.map((one) => [one.key, one]));
    const there = [...[...before.packages].map(([name, entry]) => ({ ...entry, name })), ...arrived.values()];
    const stayed = [...before.packages].filter(([name, { key }]) => after.packages.get(name)?.key === key);
    let evicted = 0;
    for (const { name, key, sha256, at } of there) {
      const left = condemned.get(key);
      const isListed = after.packages.get(name)?.key === key;
      const where = `${name} in version ${after.seq}`;
      if (isListed && left !== undefined) this.problems.push(`${where} is listed and condemned at once`);
      if (isListed) continue;
      if (left === undefined) {
        this.problems.push(`${where} is lost: nothing says why it left`);
        continue;
      }
      const { why, by } = left;
      this.departures.push({ name, key, sha256, at, why, began: after.began, ended: after.ended });
      const cause = arrived.get(by);
      if (why === 'overwritten' && cause?.name !== name)
        this.problems.push(`${where} was overwritten by nothing`);
      if (why !== 'evicted') continue;
      evicted += 1;
      if (cause === undefined || cause.name === name) this.problems.push(`${where} was evicted for nothing`);
      if (stayed.some(([, one]) => one.at < at)) this.problems.push(`${where} was evicted before older ones`);
    }
    const created = [...arrived.values()].filter(({ replaced }) => replaced === undefined).length;
    if (evicted > Math.max(0, before.packages.size + created - this.rules.limit)) {
      this.problems.push(`${evicted} packages were evicted in version ${after.seq}, more than needed`);
    }
  }

  /** What is no longer remembered as garbage must be deleted. */
  private forget(before: Version, after: Version): void {
    const remembered = new Set(after.garbage.map(({ key }) => key));
    for (const { key, name } of before.garbage) {
      if (remembered.has(key)) continue;
      const isDeleted = this.deletions.some((one) => one.key === key && one.began < after.ended);
      if (!isDeleted) this.problems.push(`the blob of ${name} was forgotten and not deleted`);
    }
  }

  private checkDeletions(): void {
    const arrived = new Map([...this.arrivals.values()].map((one) => [one.key, one]));
    const left = new Map(this.departures.map((one) => [one.key, one]));
    for (const { key, ended } of this.deletions) {
      const { name } = arrived.get(key) ?? {};
      if (name === undefined) continue;
      const departure = left.get(key);
      if (departure === undefined) this.problems.push(`the blob of ${name} was deleted while it was listed`);
      else if (ended < departure.began + this.rules.grace) {
        this.problems.push(
          `the blob of ${name} was deleted ${Math.round(ended - departure.began)} ms after it left`,
        );
      }
    }
  }
}
