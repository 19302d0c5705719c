import * as fc from 'fast-check';

import { IndexText, type IndexHeads, type IndexParts, type MemberChanges } from './index-text.js';

const HEADS: IndexHeads = { index: '"seq":1', releases: '"since":2' };
const NO_CHANGE: MemberChanges = { gone: [], come: [] };
const NO_MEMBERS = { packages: [], garbage: [], records: [], packagesInFolders: [], garbageOfFolders: [] };

/** A member of an object, padded to about so many bytes. */
function member(name: string, bytes: number): string {
  return `${JSON.stringify(name)}:{"padding":"${'x'.repeat(bytes)}"}`;
}

function textOf({ pieces, size }: IndexText): string {
  const text = Buffer.concat(pieces);
  expect(size).toBe(text.length);
  return text.toString();
}

function withChanges(text: IndexText, changes: Parameters<IndexText['with']>[1]): IndexText {
  const next = text.with(HEADS, changes);
  if (next === undefined) throw new Error('it is to be written anew');
  return next;
}

describe('IndexText', () => {
  it('has exactly the members that came and are not gone, in however many pieces', () => {
    const name = fc.constantFrom('a', 'b', 'ä', '1', 'constructor', 'c', 'd', 'e');
    const bytes = fc.constantFrom(1, 20_000, 33_000, 65_000, 200_000);
    const part = fc.constantFrom<keyof IndexParts<unknown>>('packages', 'records', 'packagesInFolders');
    const step = fc.record({ part, gone: fc.boolean(), come: fc.array(fc.record({ name, bytes })), name });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let text = IndexText.of(HEADS, NO_MEMBERS);
        const expected = mapOf(() => new Map<string, string>());
        for (const { part: where, gone, come, name: chosen } of steps) {
          const members = expected[where];
          const leaving = new Map(come.map((one) => [one.name, members.get(one.name)]));
          if (gone) leaving.set(chosen, members.get(chosen));
          for (const key of leaving.keys()) members.delete(key);
          const coming = new Map(come.map((one) => [one.name, member(one.name, one.bytes)]));
          for (const [key, value] of coming) members.set(key, value);
          const changes = {
            gone: [...leaving.values()].filter((one) => one !== undefined),
            come: [...coming.values()],
          };
          text = withChanges(text, { ...mapOf(() => NO_CHANGE), [where]: changes });
        }
        const objectOf = (members: Map<string, string>): unknown =>
          JSON.parse(`{${[...members.values()].join()}}`);
        expect(JSON.parse(textOf(text))).toEqual({
          seq: 1,
          packages: objectOf(expected.packages),
          garbage: [],
          releases: {
            since: 2,
            records: objectOf(expected.records),
            packages: objectOf(expected.packagesInFolders),
            garbage: [],
          },
        });
      }),
      { numRuns: 60, seed: 15 },
    );
  });

  it('shares all pieces with the text that it comes of but those that changed', () => {
    const packages = Array.from({ length: 10_000 }, (_, at) => member(`${at}.zip`, 250));
    const first = IndexText.of(HEADS, { ...NO_MEMBERS, packages });
    const changes = { gone: [packages[5000] ?? ''], come: [member('new.zip', 250)] };
    const second = withChanges(first, { ...mapOf(() => NO_CHANGE), packages: changes });

    const shared = second.pieces.filter((piece) =>
      first.pieces.some(
        ({ buffer, byteOffset }) => piece.buffer === buffer && piece.byteOffset === byteOffset,
      ),
    );
    const bytes = shared.reduce((sum, { length }) => sum + length, 0);
    expect(second.size - bytes).toBeLessThan(256 * 1024);
    expect(second.size).toBeGreaterThan(2_500_000);
    expect(Math.max(...second.pieces.map(({ length }) => length))).toBeLessThan(128 * 1024);
  });

  // Caught: pieces that nearly all members had left stayed for ever, each with 64 KiB behind it.
  it('has few pieces, and holds little memory, when nearly all members have left', () => {
    const packages = Array.from({ length: 10_000 }, (_, at) => member(`${at}.zip`, 250));
    let text = IndexText.of(HEADS, { ...NO_MEMBERS, packages });
    for (const [at, gone] of packages.entries()) {
      if (at % 200 === 0) continue;
      text = withChanges(text, { ...mapOf(() => NO_CHANGE), packages: { gone: [gone], come: [] } });
    }
    expect(Object.keys((JSON.parse(textOf(text)) as { packages: object }).packages)).toHaveLength(50);
    expect(text.pieces.length).toBeLessThan(10);
    expect(new Set(text.pieces.map(({ buffer }) => buffer)).size).toBeLessThan(10);
  });

  // Caught: 255 that left took five times as long as all anew.
  it('is to be written anew when too many members leave that are far from its start', () => {
    const packages = Array.from({ length: 10_000 }, (_, at) => member(`${at}.zip`, 250));
    const text = IndexText.of(HEADS, { ...NO_MEMBERS, packages });
    const without = (gone: string[]) =>
      text.with(HEADS, { ...mapOf(() => NO_CHANGE), packages: { gone, come: [] } });

    expect(without(packages.slice(0, 300))).toBeDefined();
    expect(without(packages.slice(-10))).toBeDefined();
    expect(without(packages.slice(-20))).toBeUndefined();
  });
});

function mapOf<T>(make: () => T): IndexParts<T> {
  return {
    packages: make(),
    garbage: make(),
    records: make(),
    packagesInFolders: make(),
    garbageOfFolders: make(),
  };
}
