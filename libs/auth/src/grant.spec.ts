import { SCOPES } from './access.js';
import { allows, type Grant } from './grant.js';

const FILE = { scope: 'publish', file: 'tool-v2.1.zip', release: 'v2.1' } as const;

describe('a grant', () => {
  it('has the scopes that it names, and none that another would include', () => {
    for (const own of SCOPES) {
      for (const scope of SCOPES) {
        expect([own, scope, allows({ scopes: [own] }, { ...FILE, scope })]).toEqual([
          own,
          scope,
          own === scope,
        ]);
      }
    }
    expect(allows({ scopes: [] }, FILE)).toBe(false);
  });

  it.each<[boolean, string, Partial<Grant>, { file?: string; release?: string }]>([
    [true, 'a package whose name fits one of several patterns', { packages: ['x-*', 'tool-*'] }, FILE],
    [false, 'a package whose name fits none', { packages: ['x-*'] }, FILE],
    [false, 'any package where no pattern is left', { packages: [] }, FILE],
    [false, 'a package whose name only begins as a pattern', { packages: ['tool'] }, FILE],
    [true, 'a package of a release whose tag fits', { releases: ['v1.*', 'v2.*'] }, FILE],
    [false, 'a package of a release whose tag does not', { releases: ['v1.*'] }, FILE],
    [false, 'a package that fits by its release alone', { packages: ['x-*'], releases: ['v2.*'] }, FILE],
    [false, 'a package that fits by its name alone', { packages: ['tool-*'], releases: ['v1.*'] }, FILE],
    [true, 'a package that fits by both', { packages: ['tool-*'], releases: ['v2.*'] }, FILE],
    [
      false,
      'a package without a release where releases are named',
      { releases: ['*'] },
      { file: 'tool.zip' },
    ],
    [true, 'a package without a release where names are', { packages: ['tool*'] }, { file: 'tool.zip' }],
    [true, 'a release as a whole whatever the names of packages', { packages: ['x-*'] }, { release: 'v2.1' }],
    [false, 'another release as a whole', { releases: ['v1.*'] }, { release: 'v2.1' }],
    [true, 'the server as a whole whatever the names', { packages: ['x-*'], releases: ['v1.*'] }, {}],
  ])('is %s for %s', (expected, _, narrowed, what) => {
    const { file, release } = what;
    expect(allows({ scopes: ['publish'], ...narrowed }, { scope: 'publish', file, release })).toBe(expected);
  });
});
