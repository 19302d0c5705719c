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
          text = text.with(HEADS, { ...mapOf(() => NO_CHANGE), [where]: changes });
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
      { numRuns: 200, seed: 15 },
    );
  });

  it('shares all pieces with the text that it comes of but those that changed', () => {
    const packages = Array.from({ length: 10_000 }, (_, at) => member(`${at}.zip`, 250));
    const first = IndexText.of(HEADS, { ...NO_MEMBERS, packages });
    const changes = { gone: [packages[5000] ?? ''], come: [member('new.zip', 250)] };
    const second = first.with(HEADS, { ...mapOf(() => NO_CHANGE), packages: changes });

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
