import { setImmediate as nextTurn } from 'node:timers/promises';

import { Mutex } from 'async-mutex';

import { listChanges, type Package } from '#storage';

import { OrderedBlocks } from './ordered-blocks.js';

/** Items that are processed before other work gets its turn. */
const SLICE_ITEMS = 256;

/** What is no longer in a state, and what is new in it. */
export interface Changes<Item> {
  readonly removed: readonly Item[];
  readonly added: readonly Item[];
}

/** How the states of a store differ. */
export interface Comparison<State, Item> {
  /** How many items a state has. */
  readonly countOf: (state: State) => number;
  /** With undefined, of which all is new. */
  readonly changes: (before: State | undefined, after: State) => Changes<Item>;
}

/**
 * Derives a value from each state of a store, such as its list: from the changes since the state before, or from the whole
 * where that is less work. Each value is made once and kept as long as its state.
 */
export class Incremental<State extends object, Item, Made extends object> {
  private readonly known = new WeakMap<State, Made>();
  private last: { readonly state: State; readonly made: Made } | undefined;
  private readonly turns = new Mutex();

  /**
   * @param empty - The value of an empty state.
   * @param change - The value without some items and with others. Many changes come in several calls.
   */
  constructor(
    private readonly comparison: Comparison<State, Item>,
    private readonly empty: Made,
    private readonly change: (made: Made, changes: Changes<Item>) => Made,
  ) {}

  /** Made synchronously. */
  of(state: State): Made {
    const steps = this.steps(state);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /**
   * Made in slices, between which all other work gets a turn. The value of a state that is no longer the latest is finished
   * too: somebody waits for it, and the next is made from it.
   */
  async prepare(state: State): Promise<Made> {
    const known = this.known.get(state);
    if (known !== undefined) return known;
    return this.turns.runExclusive(async () => {
      const steps = this.steps(state);
      for (;;) {
        const step = steps.next();
        if (step.done === true) return step.value;
        await nextTurn();
      }
    });
  }

  private *steps(state: State): Generator<void, Made, void> {
    const known = this.known.get(state);
    if (known !== undefined) return known;
    let { made, changes } = this.sinceLast(state);
    for (const [index, slice] of slicesOf(changes).entries()) {
      if (index > 0) yield;
      made = this.change(made, slice);
    }
    this.known.set(state, made);
    this.last = { state, made };
    return made;
  }

  private sinceLast(state: State): { made: Made; changes: Changes<Item> } {
    if (this.last !== undefined) {
      const changes = this.comparison.changes(this.last.state, state);
      if (changes.removed.length + changes.added.length < this.comparison.countOf(state)) {
        return { made: this.last.made, changes };
      }
    }
    return { made: this.empty, changes: this.comparison.changes(undefined, state) };
  }
}

const ofPackages: Comparison<readonly Package[], Package> = {
  countOf: ({ length }) => length,
  changes: (before, after) =>
    before === undefined ? { removed: [], added: after } : listChanges(before, after),
};

/** All packages of a list in that order. */
export function incrementalOrder(
  compare: (a: Package, b: Package) => number,
): Incremental<readonly Package[], Package, OrderedBlocks<Package>> {
  return new Incremental(ofPackages, new OrderedBlocks(compare), (order, { removed, added }) =>
    order.changed(removed, added),
  );
}

/** What is removed comes before what is added, which may have the same name. */
function slicesOf<Item>({ removed, added }: Changes<Item>): Changes<Item>[] {
  const parts = (items: readonly Item[]): (readonly Item[])[] =>
    Array.from({ length: Math.ceil(items.length / SLICE_ITEMS) }, (_, at) =>
      items.slice(at * SLICE_ITEMS, (at + 1) * SLICE_ITEMS),
    );
  if (removed.length + added.length <= SLICE_ITEMS) return [{ removed, added }];
  return [
    ...parts(removed).map((part) => ({ removed: part, added: [] })),
    ...parts(added).map((part) => ({ removed: [], added: part })),
  ];
}
