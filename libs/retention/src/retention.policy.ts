import type { Eviction, EvictionContext, Package } from '#storage';

/** What a policy is asked with; `find` and `snapshot` are always there. */
export type RetentionContext = Required<EvictionContext>;

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
}
