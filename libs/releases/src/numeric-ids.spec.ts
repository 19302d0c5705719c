import { NumericIds } from './numeric-ids.js';
import { OrderedBlocks } from './ordered-blocks.js';

interface Thing {
  readonly name: string;
  readonly hash: number;
}

describe('numeric ids', () => {
  let looks = 0;
  const hashOf = ({ hash }: Thing): number => {
    looks += 1;
    return hash;
  };
  const byHash = new OrderedBlocks<Thing>(
    (a, b) => a.hash - b.hash || (a.name < b.name ? -1 : Number(a.name > b.name)),
  );
  const none = new NumericIds(byHash, hashOf, ({ name }) => name);
  const thing = (name: string, hash: number): Thing => ({ name, hash });

  it('are hashes, but for those whose hash the one before has, until that leaves', () => {
    const [a, b, c] = [thing('a', 7), thing('b', 7), thing('c', 8)] as const;
    const ids = none.changed([], [b, c]).changed([], [a]);
    expect([ids.of(a), ids.of(c)]).toEqual([7, 8]);
    expect(ids.of(b)).toBeGreaterThanOrEqual(2 ** 30);
    expect([a, b, c].map((one) => ids.find(ids.of(one)))).toEqual([a, b, c]);

    const left = ids.changed([a], []);
    expect([left.of(b), left.find(7), left.find(ids.of(b))]).toEqual([7, b, undefined]);
    expect(left.saysAs(ids)).toBe(false);
    expect(ids.changed([c], [thing('d', 9)]).saysAs(ids)).toBe(true);
  });

  // Mutant: those of the whole order are made anew.
  it('look after a change at what changed, and at what is beside it', () => {
    const all = Array.from({ length: 10_000 }, (_, at) => thing(`${at}`, at * 2));
    const ids = none.changed([], all);
    looks = 0;
    const now = ids.changed([all[5000]!], [thing('new', 5001)]);
    expect(now.find(5001)?.name).toBe('new');
    expect(looks).toBeLessThan(100);
  });
});
