import { setImmediate as nextTurn } from 'node:timers/promises';

import { Mutex } from 'async-mutex';

import { listChanges, type ListChanges, type Package } from '#storage';

import { OrderedBlocks } from './ordered-blocks.js';

/** Packages that are dealt with before other work has its turn. */
const SLICE_PACKAGES = 256;

/**
 * Follows the lists that a store returns: what it makes of one it makes of what changed since the one before, or of all
 * where that is less. Each is made once and kept as long as its list.
 */
export class Followed<Made extends object> {
  private readonly known = new WeakMap<readonly Package[], Made>();
  private last: { readonly packages: readonly Package[]; readonly made: Made } | undefined;
  private readonly turns = new Mutex();

  /**
   * @param empty - What is made of no packages.
   * @param change - Makes it anew without some packages and with others; in several steps, of many.
   */
  constructor(
    private readonly empty: Made,
    private readonly change: (made: Made, changes: ListChanges) => Made,
  ) {}

  /** Made at once. */
  of(packages: readonly Package[]): Made {
    const steps = this.steps(packages);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /**
   * Made in slices, between which all other work has a turn. A list that is no longer the latest is made to its end, for
   * those who wait for it: from there it is not far to the next.
   */
  async prepare(packages: readonly Package[]): Promise<Made> {
    const known = this.known.get(packages);
    if (known !== undefined) return known;
    return this.turns.runExclusive(async () => {
      const steps = this.steps(packages);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
        await nextTurn();
      }
    });
  }

  private *steps(packages: readonly Package[]): Generator<void, Made, void> {
    const known = this.known.get(packages);
    if (known !== undefined) return known;
    let { made, changes } = this.sinceLast(packages);
    for (const [index, slice] of slicesOf(changes).entries()) {
      if (index > 0) yield;
      made = this.change(made, slice);
    }
    this.known.set(packages, made);
    this.last = { packages, made };
    return made;
  }

  private sinceLast(packages: readonly Package[]): { made: Made; changes: ListChanges } {
    if (this.last !== undefined) {
      const changes = listChanges(this.last.packages, packages);
      if (changes.removed.length + changes.added.length < packages.length) {
        return { made: this.last.made, changes };
      }
    }
    return { made: this.empty, changes: { removed: [], added: packages } };
  }
}

/** All packages of a list in that order. */
export function followedOrder(compare: (a: Package, b: Package) => number): Followed<OrderedBlocks<Package>> {
  return new Followed(new OrderedBlocks(compare), (order, { removed, added }) =>
    order.changed(removed, added),
  );
}

/** What is removed comes before what is added, which may have the same name. */
function slicesOf({ removed, added }: ListChanges): ListChanges[] {
  const parts = (packages: readonly Package[]): (readonly Package[])[] =>
    Array.from({ length: Math.ceil(packages.length / SLICE_PACKAGES) }, (_, at) =>
      packages.slice(at * SLICE_PACKAGES, (at + 1) * SLICE_PACKAGES),
    );
  if (removed.length + added.length <= SLICE_PACKAGES) return [{ removed, added }];
  return [
    ...parts(removed).map((part) => ({ removed: part, added: [] })),
    ...parts(added).map((part) => ({ removed: [], added: part })),
  ];
}
