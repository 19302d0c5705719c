import { jest } from '@jest/globals';
import * as fc from 'fast-check';

import { textOf } from '../testing/fake-index.js';
import { KEEP_ALL, keepNewest } from '../testing/packages.js';
import type { ReleaseRecord } from '../release-record.js';
import { publishing, removal } from './index-changes.js';
import { IndexDocument, type Entry } from './index-document.js';
import { ObjectKeys } from './object-keys.js';
import { removingRelease, saving } from './release-changes.js';

const KEYS = new ObjectKeys('');
const SHA256 = 'ab'.repeat(32);

let blobs = 0;
function blob(name: string): Omit<Entry, 'at'> {
  const [folder, file] = name.includes('/') ? ['releases', name.split('/')[1]] : ['packages', name];
  return { key: `${folder}/${blobs++}/${file}`, size: 1, sha256: SHA256 };
}

function entryOf(name: string, at: number): [string, Entry] {
  return [name, { ...blob(name), at }];
}

/** As a replica reads what another wrote. */
function reread(index: IndexDocument, known?: IndexDocument): IndexDocument {
  return IndexDocument.parse(textOf(index), KEYS, known);
}

function published(index: IndexDocument, name: string, keep?: number): IndexDocument {
  const evict = keep === undefined ? KEEP_ALL : keepNewest(keep);
  const { next } = publishing(name, blob(name), { condition: 'any', evict }).apply(index, index.last + 1);
  return next ?? index;
}

function saved(index: IndexDocument, tag: string, changes: Partial<ReleaseRecord>): IndexDocument {
  const record = { tag, isDraft: false, createdAt: 1, updatedAt: blobs, notes: `"v1":{"${tag}"`, ...changes };
  const key = `releases/${blobs++}/.release.json`;
  return saving(tag, () => record, { record, key, now: 1 }, keepNewest(2)).apply(index, 1).next ?? index;
}

/** Counts how often all packages are gone through. */
class CountedMap<K, V> extends Map<K, V> {
  passes = 0;

  override [Symbol.iterator](): MapIterator<[K, V]> {
    this.passes++;
    return super[Symbol.iterator]();
  }
}

function expectAsAnew(index: IndexDocument): void {
  const { seq, last, packages, garbage, releases } = index;
  const anew = new IndexDocument(seq, last, new Map(packages), garbage, {
    ...releases,
    records: new Map(releases.records),
  });
  expect(JSON.parse(textOf(index))).toEqual(JSON.parse(textOf(anew)));
  const snapshot = index.snapshot();
  expect(snapshot).toEqual(anew.snapshot());
  expect(index.with({ seq: 7, garbage: [] }).snapshot()).toBe(snapshot);
  for (const one of [...snapshot.packages, ...snapshot.drafts]) expect(index.get(one.name)).toBe(one);
  const isDraft = (name: string): boolean =>
    snapshot.releases.get(name.split('/')[0] ?? '')?.isDraft === true;
  expect(snapshot.drafts.every(({ name }) => isDraft(name))).toBe(true);
  expect(snapshot.packages.some(({ name }) => isDraft(name))).toBe(false);
}

describe('IndexDocument', () => {
  it('says the same as if it were made and written anew, whatever changes', () => {
    const name = fc.constantFrom(
      'a.zip',
      'b.zip',
      'constructor',
      '1',
      'v1/a.zip',
      'v1/constructor',
      'v2/a.zip',
    );
    const does = fc.constantFrom(
      'publish',
      'evict',
      'remove',
      'write',
      'list',
      'whole',
      'forget',
      'many',
      'read',
      'draft',
      'release',
      'move',
      'withdraw',
    );
    fc.assert(
      fc.property(fc.array(fc.record({ does, name }), { maxLength: 30 }), (steps) => {
        let index = IndexDocument.EMPTY;
        for (const step of steps) {
          if (step.does === 'publish') index = published(index, step.name);
          if (step.does === 'evict') index = published(index, step.name, 2);
          if (step.does === 'remove' && index.get(step.name) !== undefined) {
            index = removal(step.name, {}).apply(index, 1).next ?? index;
          }
          if (step.does === 'write') index.serialize();
          if (step.does === 'list') index.list();
          if (step.does === 'whole') expectAsAnew(index);
          if (step.does === 'forget') index = index.with({ garbage: index.garbage.slice(1) });
          if (step.does === 'many') {
            const packages = new Map(Array.from({ length: 300 }, (_, at) => entryOf(`${at}.zip`, at)));
            index = index.with({ packages });
          }
          const tag = step.name.split('/')[0] === 'v2' ? 'v2' : 'v1';
          if (step.does === 'draft') index = saved(index, tag, { isDraft: true });
          if (step.does === 'release') index = saved(index, tag, {});
          if (step.does === 'move' && index.record('v3') === undefined && index.inFolder('v3').length === 0) {
            index = saved(index, tag, { tag: 'v3' });
          }
          if (step.does === 'withdraw') {
            index = removingRelease(tag, () => []).apply(index, 1).next ?? index;
          }
          if (step.does === 'read') index = reread(index, index);
        }
        expectAsAnew(index);
      }),
      { numRuns: 100, seed: 35 },
    );
  });

  describe('with 1,000 packages', () => {
    const packages = new CountedMap<string, Entry>();
    let index: IndexDocument;

    beforeEach(() => {
      packages.clear();
      for (let at = 0; at < 1000; at++) packages.set(...entryOf(`package-${at}.zip`, at));
      index = new IndexDocument(1, 1000, packages, []);
      index.list();
      index.serialize();
      packages.passes = 0;
    });

    // Caught: all of the packages copied, sorted and written anew for each version.
    it('goes through none of those that stay to write and list a version with another', () => {
      const stringify = jest.spyOn(JSON, 'stringify');
      const first = published(index, 'new.zip').with({ seq: 2 });
      first.serialize();
      const second = published(first, 'newer.zip').with({ seq: 3 });
      second.serialize();
      const written = stringify.mock.calls.length;
      stringify.mockRestore();
      const [newest, newer, ...others] = second.list();

      expect([newest?.name, newer?.name]).toEqual(['newer.zip', 'new.zip']);
      expect(others.every((one, at) => one === index.list()[at])).toBe(true);
      expect(written).toBe(4);
      expect(packages.passes).toBe(0);
    });

    it('says the same when it is cheaper to write all anew', () => {
      const gone = Array.from({ length: 200 }, (_, at) => [`package-${999 - at}.zip`, undefined] as const);
      const next = index.with({ seq: 2, packages: new Map(gone) }).with({ seq: 3 });
      next.serialize();

      expect(packages.passes).toBe(1);
      expectAsAnew(next);
      expect(next.list()).toHaveLength(800);
    });

    // Mutant: what others wrote is taken for new altogether.
    it('makes anew of what others wrote only what has changed', () => {
      const other = published(reread(index), 'new.zip', 1000);
      const next = reread(other, index);

      const known = new Set(index.list());
      const unknown = next.list().filter((one) => !known.has(one));
      expect(unknown.map(({ name }) => name)).toEqual(['new.zip']);
      expect(next.list()).toHaveLength(1000);
      expect(next.get('package-0.zip')).toBeUndefined();
      expect(next.entry('package-1.zip')).toBe(index.entry('package-1.zip'));
    });

    it('holds to the rules what is not known, and only that', () => {
      const flawed = index.with({
        packages: new Map([['package-7.zip', { ...blob('package-7.zip'), size: -1, at: 7 }]]),
      });

      expect(reread(flawed, flawed).entry('package-7.zip')).toBe(flawed.entry('package-7.zip'));
      expect(() => reread(flawed, index)).toThrow('The index is not valid');
      expect(() => reread(flawed)).toThrow('The index is not valid');
      for (const odd of ['null', '{"package-7.zip":null}', '[]', '7']) {
        const text = `{"format":1,"seq":2,"last":1,"packages":${odd},"garbage":[]}`;
        expect(() => IndexDocument.parse(text, KEYS, index)).toThrow('The index is not valid');
      }
    });

    it('keeps what a newer version of the server says of a package', () => {
      const text = textOf(index).replace('"at":500}', '"at":500,"label":"x"}');
      const read = IndexDocument.parse(text, KEYS, index);

      expect(read.entry('package-500.zip')).toMatchObject({ at: 500, label: 'x' });
      expect(textOf(published(read, 'new.zip'))).toContain('"at":500,"label":"x"}');
    });
  });
});
