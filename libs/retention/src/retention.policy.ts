import type { Eviction, EvictionContext, Package, StoreSnapshot } from '#storage';

/** What a policy is asked with; `find` and `snapshot` are always there. */
export type RetentionContext = Required<EvictionContext>;

/** What a policy says of a package that it is asked about beforehand. */
export interface Explanation {
  /** Why it stays, in a few words; undefined for what leaves. */
  whyStays(stored: Package): string | undefined;
  /** When it leaves by its age, in milliseconds since the epoch; undefined where it does not. */
  leavesAt(stored: Package): number | undefined;
}

/** Decides which packages leave. Replace this provider to keep others than the newest. */
export abstract class RetentionPolicy {
  /** What the policy goes by, such as `{ max_packages: 200 }`: the log shows it at the start and with every eviction. */
  abstract readonly limits: Readonly<Record<string, unknown>>;

  /**
   * Chooses the packages that leave when `incoming` is published, or what is too much at the start of a server, when
   * there is none; each with the reason that its audit line gives. `packages` comes newest first, then by name, as
   * lists have them, and may hold the revision that `incoming` replaces.
   *
   * Pure, and without a clock but `now`: the store calls it on the very state on which it decides, and again when it has
   * to retry. `incoming` itself never leaves, whatever is chosen. What is thrown fails the publish.
   * The page asks it too, with packages that nobody has published, to say what leaves next.
   */
  abstract selectEvictions(packages: readonly Package[], context: RetentionContext): readonly Eviction[];

  /** Says of what stays why it does, for those who ask what would leave; the packages are those of the snapshot. */
  explain?(context: RetentionContext): Explanation;

  /**
   * When something leaves by the time alone, in milliseconds since the epoch, or earlier; undefined for never. Without, what
   * leaves does so with a publish or at a start.
   */
  dueAt?(snapshot: StoreSnapshot, now: number): number | undefined;
}
