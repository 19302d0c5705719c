/** Values in a block at most: a change copies the block. */
const MOST_IN_BLOCK = 256;

/**
 * Sorted values in blocks. Immutable: a change returns a copy that shares all blocks except those that changed, so that
 * what is derived from a block can be cached with it.
 */
export class OrderedBlocks<T> {
  /** @param compare - Tells which of two values comes first; no two are equal. */
  constructor(
    readonly compare: (a: T, b: T) => number,
    /** None is empty. */
    readonly blocks: readonly (readonly T[])[] = [],
  ) {}

  get first(): T | undefined {
    return this.blocks[0]?.[0];
  }

  /** The first value that `isBefore` does not hold for, as it does for all before that one. */
  find(isBefore: (value: T) => boolean): T | undefined {
    const block = this.blocks[firstIndex(this.blocks, (one) => isBefore(lastOf(one)))];
    return block?.[firstIndex(block, isBefore)];
  }

  /** The value that comes next behind one. */
  after(value: T): T | undefined {
    return this.find((other) => this.compare(other, value) <= 0);
  }

  /** Without what is removed, which is in it, and with what is added. */
  changed(removed: readonly T[], added: readonly T[]): OrderedBlocks<T> {
    const next = new BlockEditor(this.compare, this.blocks);
    for (const value of removed) next.remove(value);
    for (const value of added) next.add(value);
    return new OrderedBlocks(this.compare, next.blocks);
  }
}

/** Makes the blocks after some changes: copies each block that changes once. */
class BlockEditor<T> {
  readonly blocks: (readonly T[])[];
  private readonly copies = new Set<readonly T[]>();

  constructor(
    private readonly compare: (a: T, b: T) => number,
    before: readonly (readonly T[])[],
  ) {
    this.blocks = [...before];
  }

  add(value: T): void {
    const isBefore = (other: T): boolean => this.compare(other, value) < 0;
    // What comes behind all others goes into the last block.
    const at = Math.min(
      firstIndex(this.blocks, (block) => isBefore(lastOf(block))),
      Math.max(0, this.blocks.length - 1),
    );
    const block = this.copy(at);
    block.splice(firstIndex(block, isBefore), 0, value);
    if (block.length > MOST_IN_BLOCK) this.put(at, 1, block.splice(0, block.length / 2), block);
  }

  remove(value: T): void {
    const isBefore = (other: T): boolean => this.compare(other, value) < 0;
    const at = firstIndex(this.blocks, (block) => isBefore(lastOf(block)));
    if (at === this.blocks.length) throw new Error('what is to be removed is not in order');
    const block = this.copy(at);
    block.splice(firstIndex(block, isBefore), 1);
    if (block.length === 0) this.blocks.splice(at, 1);
    else this.joinSmall(Math.max(0, at - 1));
  }

  /** Makes one block of that and the next, where both together are small. */
  private joinSmall(at: number): void {
    const [one, other] = this.blocks.slice(at, at + 2);
    if (one === undefined || other === undefined) return;
    if (one.length + other.length <= MOST_IN_BLOCK / 2) this.put(at, 2, [...one, ...other]);
  }

  private copy(at: number): T[] {
    const block = this.blocks[at] ?? [];
    if (this.copies.has(block)) return block as T[];
    const copy = [...block];
    this.put(at, 1, copy);
    return copy;
  }

  private put(at: number, count: number, ...blocks: readonly T[][]): void {
    this.blocks.splice(at, count, ...blocks);
    for (const block of blocks) this.copies.add(block);
  }
}

function lastOf<T>(block: readonly T[]): T {
  return block[block.length - 1] as T;
}

/** The first index whose value `isBefore` does not hold for; the length where it holds for all. */
export function firstIndex<T>(values: readonly T[], isBefore: (value: T) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(values[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
