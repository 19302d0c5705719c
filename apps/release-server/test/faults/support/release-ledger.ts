import type { Found } from './load.js';

/** What lies under the tag of a release. */
export interface ReleaseState {
  readonly isDraft: boolean;
  /** By the names of the files. A time that nobody was told is NaN. */
  readonly files: ReadonlyMap<string, Found>;
}

/** What some tags become; undefined where nothing is left. */
export type Outcome = Readonly<Record<string, ReleaseState | undefined>>;

/** All releases that were found, by tag; drafts only where whoever looked can see them. */
export type Releases = ReadonlyMap<string, ReleaseState>;

/** A request that is under way: what may have become of the tags that it is about, beside that nothing has. */
interface Attempt {
  readonly outcomes: readonly Outcome[];
  readonly tags: readonly string[];
  /** Files that leave with it. */
  readonly deletes: number;
  readonly began: number;
}

/**
 * What was sent and acknowledged of releases: what a server must hold of them after whatever befell it. Each is absent, a
 * draft or public as a whole, but for the packages that made room for newer ones.
 */
export class ReleaseLedger {
  private readonly known = new Map<string, ReleaseState>();
  private readonly open = new Map<string, Attempt>();
  /** When a release became public: after the first number, and before the second. */
  private readonly since = new Map<string, { readonly began: number; readonly ended: number }>();
  /** Files of releases whose removal was sent since the ledger was settled. */
  private deletes = 0;
  private serial = 0;
  private clock = 0;
  acknowledged = 0;
  cutOff = 0;
  /** Publications that were acknowledged, and those that were cut off. */
  publications = 0;

  newTag(prefix = ''): string {
    return `${prefix}v${++this.serial}.0.0`;
  }

  get(tag: string): ReleaseState | undefined {
    return this.known.get(tag);
  }

  /** The tags of drafts, or of public releases, of which no request is under way. */
  tags(isDraft: boolean, prefix = ''): string[] {
    return [...this.known].flatMap(([tag, state]) =>
      state.isDraft === isDraft && tag.startsWith(prefix) && !this.open.has(tag) ? [tag] : [],
    );
  }

  /** Says what a request about a tag, and perhaps another, may come to. */
  attempt(tag: string, ...outcomes: readonly Outcome[]): void {
    const tags = [...new Set([tag, ...outcomes.flatMap((outcome) => Object.keys(outcome))])];
    const isRemoval = outcomes.some((outcome) => tags.every((one) => outcome[one] === undefined));
    const deletes = isRemoval ? (this.known.get(tag)?.files.size ?? 0) : 0;
    this.deletes += deletes;
    this.open.set(tag, { outcomes, tags, deletes, began: this.clock++ });
  }

  /** Says that the request came to that. */
  acknowledge(tag: string, outcome: Outcome): void {
    const attempt = this.open.get(tag);
    this.open.delete(tag);
    this.acknowledged += 1;
    const wasPublic = attempt?.tags.some((one) => this.known.get(one)?.isDraft === false);
    for (const [one, state] of Object.entries(outcome)) {
      if (state?.isDraft !== false) continue;
      const before = this.since.get(tag);
      this.since.set(
        one,
        wasPublic === true && before ? before : { began: attempt?.began ?? 0, ended: this.clock++ },
      );
      if (wasPublic !== true) this.publications += 1;
    }
    this.enter(outcome);
  }

  /** Says that there was nothing to be done any more. */
  retract(tag: string): void {
    this.open.delete(tag);
  }

  /** In what that which was found is not what must be there; empty when it is. */
  differences(found: Releases, { limit = Infinity, seesDrafts = true } = {}): string[] {
    const isAs = (tag: string, state: ReleaseState | undefined): boolean =>
      this.flawOf(tag, state, found, limit, seesDrafts) === undefined;
    const inFlight = new Set([...this.open.values()].flatMap(({ tags }) => tags));
    const settled = [...new Set([...this.known.keys(), ...found.keys()])].filter((tag) => !inFlight.has(tag));
    const total = packagesOf(found).length;
    return [
      ...settled.flatMap((tag) => this.flawOf(tag, this.known.get(tag), found, limit, seesDrafts) ?? []),
      ...[...this.open].flatMap(([tag, { outcomes, tags }]) => {
        const before = Object.fromEntries(tags.map((one) => [one, this.known.get(one)]));
        const isOne = [before, ...outcomes].some((outcome) => tags.every((one) => isAs(one, outcome[one])));
        if (isOne) return [];
        const now = tags.map((one) => `${one} ${inWords(found.get(one))}`).join(', ');
        const flaw = this.flawOf(tag, outcomes[0]?.[tag] ?? before[tag], found, limit, seesDrafts);
        return [`${flaw ?? tag}; a request about ${tag} came to something else: ${now}`];
      }),
      ...(total > limit ? [`${total} packages are there, more than ${limit}`] : []),
    ];
  }

  /** Takes what was found, and held no differences, as what must be there from now on. */
  settle(found: Releases): void {
    for (const { began, tags } of this.open.values()) {
      for (const tag of tags) {
        if (found.get(tag)?.isDraft !== false || this.since.has(tag)) continue;
        this.since.set(tag, { began, ended: this.clock++ });
      }
    }
    this.cutOff += this.open.size;
    this.open.clear();
    this.deletes = 0;
    this.known.clear();
    for (const [tag, state] of found) this.known.set(tag, state);
  }

  /** Throws where so many cuts met too little for their outcome to say anything. */
  expectExercised(cuts: number): void {
    if (this.publications >= cuts / 2 && this.cutOff >= cuts / 2) return;
    throw new Error(
      `${cuts} cuts met ${this.publications} publications and ${this.cutOff} requests under way: nothing was tried`,
    );
  }

  private enter(outcome: Outcome): void {
    for (const [tag, state] of Object.entries(outcome)) {
      if (state === undefined) this.known.delete(tag);
      else this.known.set(tag, state);
    }
  }

  /** Why a tag is not in that state. */
  private flawOf(
    tag: string,
    state: ReleaseState | undefined,
    all: Releases,
    limit: number,
    seesDrafts: boolean,
  ): string | undefined {
    const found = all.get(tag);
    const expected = state?.isDraft === true && !seesDrafts ? undefined : state;
    const told = `${tag} ${inWords(found)}, and was ${inWords(state)}`;
    if (expected === undefined) return found === undefined ? undefined : `${told}: it is not to be seen`;
    if (found !== undefined && found.isDraft !== expected.isDraft) return told;
    for (const [file, { sha256, createdAt }] of found?.files ?? []) {
      const known = expected.files.get(file);
      if (known === undefined) return `${told}: ${file} is not to be there`;
      if (known.sha256 !== sha256) return `${told}: ${file} is torn`;
      if (!Number.isNaN(known.createdAt) && known.createdAt !== createdAt) {
        return `${told}: ${file} has a time that is ${createdAt - known.createdAt} ms off`;
      }
    }
    const missing = [...expected.files].filter(([file]) => found?.files.has(file) !== true);
    const isEvicted = ([, { createdAt }]: readonly [string, Found]): boolean =>
      !expected.isDraft && this.mayBeEvicted(tag, createdAt, all, limit);
    if (found === undefined && (expected.isDraft || !missing.every(isEvicted))) return `${told}: it is lost`;
    return missing.every(isEvicted)
      ? undefined
      : `${told}: it is partial, without ${missing.map(([file]) => file).join(' ')}`;
  }

  /**
   * Whether a package may have made room: there are as many as the limit allows, but for those that were deleted since, and
   * all that are older became public later.
   */
  private mayBeEvicted(tag: string, createdAt: number, found: Releases, limit: number): boolean {
    const all = packagesOf(found);
    const publicAt = this.since.get(tag)?.began ?? this.open.get(tag)?.began ?? Infinity;
    const isLater = (other: string): boolean => (this.since.get(other)?.ended ?? Infinity) >= publicAt;
    return (
      all.length + this.deletes >= limit &&
      all.every((one) => one.createdAt >= createdAt || Number.isNaN(createdAt) || isLater(one.tag))
    );
  }
}

/** The public packages. */
function packagesOf(releases: Releases): { readonly tag: string; readonly createdAt: number }[] {
  return [...releases].flatMap(([tag, { isDraft, files }]) =>
    isDraft ? [] : [...files.values()].map(({ createdAt }) => ({ tag, createdAt })),
  );
}

function inWords(state: ReleaseState | undefined): string {
  return state === undefined
    ? 'is absent'
    : `is ${state.isDraft ? 'a draft' : 'public'} of ${state.files.size} files`;
}
