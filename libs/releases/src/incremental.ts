import { setImmediate as nextTurn } from 'node:timers/promises';

import { Mutex } from 'async-mutex';

import { listChanges, type ListChanges, type Package } from '#storage';

import { OrderedBlocks } from './ordered-blocks.js';

/** Packages that are processed before other work gets its turn. */
const SLICE_PACKAGES = 256;

/**
 * Derives a value from each list that a store returns: from the changes since the list before, or from the whole list
 * where that is less work. Each value is made once and kept as long as its list.
 */
export class Incremental<Made extends object> {
  private readonly known = new WeakMap<readonly Package[], Made>();
  private last: { readonly packages: readonly Package[]; readonly made: Made } | undefined;
  private readonly turns = new Mutex();

  /**
   * @param empty - The value of an empty list.
   * @param change - The value without some packages and with others. Many changes come in several calls.
   */
  constructor(
    private readonly empty: Made,
    private readonly change: (made: Made, changes: ListChanges) => Made,
  ) {}

  /** Made synchronously. */
  of(packages: readonly Package[]): Made {
    const steps = this.steps(packages);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /**
   * Made in slices, between which all other work gets a turn. The value of a list that is no longer the latest is finished
   * too: somebody waits for it, and the next is made from it.
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
export function incrementalOrder(
  compare: (a: Package, b: Package) => number,
): Incremental<OrderedBlocks<Package>> {
  return new Incremental(new OrderedBlocks(compare), (order, { removed, added }) =>
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
