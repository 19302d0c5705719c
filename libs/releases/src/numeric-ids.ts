import { hash } from 'node:crypto';

import { oncePer } from './once-per.js';
import type { OrderedBlocks } from './ordered-blocks.js';

/** Ids below are hashes of names; those from here on are of names whose hash another one has already. */
const RESOLVED = 2 ** 30;

/** A positive integer below 2^30 that a name keeps for ever; two names rarely have the same. */
export function numericId(name: string): number {
  return hash('sha256', name, 'buffer').readUInt32BE(0) >>> 2 || 1;
}

/**
 * What GitHub's API knows things by: positive integers below 2^31, the same wherever the same is stored. Of things with
 * one hash the first in the order has it; the others get ids that are no hash.
 */
export class NumericIds<T extends object> {
  /** Those that do not have their hash, by their ids. */
  readonly resolved: ReadonlyMap<number, T>;
  /** The ids of these by their names. */
  readonly others: ReadonlyMap<string, number>;

  /** @param order - By hash first. @param followers - Those in it that have the hash of the one before. */
  constructor(
    private readonly order: OrderedBlocks<T>,
    private readonly hashOf: (one: T) => number,
    private readonly nameOf: (one: T) => string,
    followers: readonly T[],
  ) {
    const resolved = new Map<number, T>();
    const others = new Map<string, number>();
    for (const one of followers) {
      let id = RESOLVED + numericId(`resolved:${nameOf(one)}`);
      while (resolved.has(id)) id = id === 2 * RESOLVED - 1 ? RESOLVED : id + 1;
      resolved.set(id, one);
      others.set(nameOf(one), id);
    }
    this.resolved = resolved;
    this.others = others;
  }

  of(one: T): number {
    return (this.others.size > 0 ? this.others.get(this.nameOf(one)) : undefined) ?? this.hashOf(one);
  }

  find(id: number): T | undefined {
    if (id >= RESOLVED) return this.resolved.get(id);
    const found = this.order.find((one) => this.hashOf(one) < id);
    return found !== undefined && this.hashOf(found) === id ? found : undefined;
  }
}

/** Makes the ids of an order, once for each. @param hashOf - The hash of a thing. @param nameOf - Its name; no two are equal. */
export function numericIds<T extends object>(
  hashOf: (one: T) => number,
  nameOf: (one: T) => string,
): (order: OrderedBlocks<T>) => NumericIds<T> {
  const followersIn = oncePer((block: readonly T[]): readonly T[] =>
    block.filter((one, at) => at > 0 && hashOf(block[at - 1] as T) === hashOf(one)),
  );
  return oncePer((order: OrderedBlocks<T>) => {
    const followers = order.blocks.flatMap((block, at) => {
      const [first, last] = [block[0] as T, order.blocks[at - 1]?.at(-1)];
      const follows = last !== undefined && hashOf(last) === hashOf(first);
      return follows ? [first, ...followersIn(block)] : followersIn(block);
    });
    return new NumericIds(order, hashOf, nameOf, followers);
  });
}
