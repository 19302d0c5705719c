import * as fc from 'fast-check';

import { changedList, newestFirst } from './newest-first.js';
import type { Package } from './package-reader.js';

const packages = fc.uniqueArray(
  fc
    .record({ name: fc.integer({ min: 0, max: 40 }).map(String), createdAt: fc.integer({ min: 0, max: 9 }) })
    .map((one): Package => ({ ...one, size: 1, sha256: undefined, revision: one.name })),
  { selector: ({ name }) => name },
);

describe('a list with some packages changed', () => {
  it('is that of those that stay and those that come, newest first', () => {
    fc.assert(
      fc.property(packages, packages, fc.integer({ min: 1, max: 5 }), (all, others, share) => {
        const list = all.toSorted(newestFirst);
        const names = new Set(others.map(({ name }) => name));
        const gone = all.filter(({ name }, at) => names.has(name) || at % share === 0);
        const kept = list.filter((one) => !gone.includes(one));
        expect(changedList(list, gone, others)).toEqual([...kept, ...others].sort(newestFirst));
      }),
    );
  });
});
