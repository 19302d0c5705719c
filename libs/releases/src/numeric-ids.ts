import { hash } from 'node:crypto';

import type { OrderedBlocks } from './ordered-blocks.js';

/** Ids below are hashes of names; those from here on are of names whose hash another one has already. */
const RESOLVED = 2 ** 30;

/** A positive integer below 2^30 that a name keeps for ever; two names rarely have the same. */
export function numericId(name: string): number {
  return hash('sha256', name, 'buffer').readUInt32BE(0) >>> 2 || 1;
}

/**
 * What GitHub's API knows things by: positive integers below 2^31, the same wherever the same is stored. Of things with
 * one hash the first in the order has it; the others get ids that are no hash. Immutable.
 */
export class NumericIds<T> {
  /** Those that do not have their hash, by their ids. */
  readonly resolved: ReadonlyMap<number, T>;
  /** The ids of these by their names. */
  private readonly others: ReadonlyMap<string, number>;

  /**
   * @param order - By hash first.
   * @param hashOf - The hash of a thing.
   * @param nameOf - Its name; no two are equal.
   * @param followers - Those in the order that have the hash of the one before.
   */
  constructor(
    private readonly order: OrderedBlocks<T>,
    private readonly hashOf: (one: T) => number,
    private readonly nameOf: (one: T) => string,
    private readonly followers: readonly T[] = [],
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

  /** The ids of the order that comes of this one when some leave and others come; those alone are looked at. */
  changed(removed: readonly T[], added: readonly T[]): NumericIds<T> {
    const { hashOf, nameOf } = this;
    const order = this.order.changed(removed, added);
    const hashes = new Set([...removed, ...added].map(hashOf));
    const kept = this.followers.filter((one) => !hashes.has(hashOf(one)));
    const come = [...hashes].flatMap((own) => withHash(own, order, hashOf).slice(1));
    const isSame = come.length === 0 && kept.length === this.followers.length;
    const followers = isSame ? kept : [...kept, ...come].sort(order.compare);
    return new NumericIds(order, hashOf, nameOf, followers);
  }

  /** Whether nothing has another id than there, of what is in both. */
  saysAs({ others }: NumericIds<T>): boolean {
    return (
      this.others.size === others.size && [...this.others].every(([name, id]) => others.get(name) === id)
    );
  }
}

function withHash<T>(own: number, order: OrderedBlocks<T>, hashOf: (one: T) => number): readonly T[] {
  const found: T[] = [];
  let next = order.find((one) => hashOf(one) < own);
  for (; next !== undefined && hashOf(next) === own; next = order.after(next)) found.push(next);
  return found;
}
