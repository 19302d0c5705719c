import { readFileSync } from 'node:fs';

import type { Package } from '#storage';

import { packageVersion } from './package-version.js';
import { catalogOf, type ReleaseCatalog } from './release-catalog.js';
import { assetId, releaseId } from './release.js';

/** Packages of these names, the newest first. */
function catalog(...names: readonly string[]): ReleaseCatalog {
  return catalogOf(
    names.map((name, age) => ({ name, size: 1, createdAt: 100 - age, sha256: undefined, revision: name })),
  );
}

function tags({ releases }: ReleaseCatalog): string[] {
  return releases.map(({ tag }) => tag);
}

function named(packages: readonly Package[]): string[] {
  return packages.map(({ name }) => name);
}

describe('the catalog of releases', () => {
  it('has the packages of one version as one release, under the spelling of the newest', () => {
    const { releases } = catalog(
      'a_1.2.0_amd64.deb',
      'notes.txt',
      'a-v1.2.0.zip',
      'b-v1.1.0.zip',
      'c-1.2.zip',
    );

    expect(releases.map(({ tag, assets }) => [tag, named(assets)])).toEqual([
      ['1.2.0', ['a_1.2.0_amd64.deb', 'a-v1.2.0.zip', 'c-1.2.zip']],
      ['v1.1.0', ['b-v1.1.0.zip']],
      ['latest', ['notes.txt']],
    ]);
    expect(releases[0]).toMatchObject({
      version: { key: '1.2.0' },
      isPrerelease: false,
      size: 3,
      createdAt: 100,
    });
    expect(releases[2]).toMatchObject({ version: undefined, isPrerelease: false, size: 1, createdAt: 99 });
  });

  it('counts the bytes of all packages', () => {
    expect(catalog('a-1.0.zip', 'b-1.0.zip', 'a.txt').size).toBe(3);
    expect(catalog().size).toBe(0);
  });

  it('puts stable versions first, then pre-releases, then names without a version', () => {
    expect(tags(catalog('a.txt', 'a-2.0.0-rc.1.zip', 'a-1.9.zip', 'a-1.10.zip', 'a-2.0.0-beta.zip'))).toEqual(
      ['1.10', '1.9', '2.0.0-rc.1', '2.0.0-beta', 'latest'],
    );
  });

  it('has that first which clients get who name none', () => {
    expect(catalog('a-2.0.0-rc.1.zip', 'a-v1.2.0.zip', 'a-v1.1.0.zip', 'b.zip').latest?.tag).toBe('v1.2.0');
    expect(catalog('b.zip', 'a-1.0.0-rc.1.zip').latest).toMatchObject({
      tag: '1.0.0-rc.1',
      isPrerelease: true,
    });
    expect(catalog('b.zip').latest?.tag).toBe('latest');
    expect(catalog().latest).toBeUndefined();
  });

  it('has all packages in the order of their releases, and builds of one version by time', () => {
    const { releases, assets } = catalog(
      'a.txt',
      'a-1.0.0+x.zip',
      'a-1.0.0+y.zip',
      'a-2.0.0.zip',
      'b-1.0.0+x.zip',
    );

    expect(named(assets)).toEqual([
      'a-2.0.0.zip',
      'a-1.0.0+x.zip',
      'a-1.0.0+y.zip',
      'b-1.0.0+x.zip',
      'a.txt',
    ]);
    expect(releases).toHaveLength(4);
  });

  it('is the same in whatever order the packages come, which stays as it is', () => {
    const names = [
      'b-2.0.zip',
      'a-2.0.zip',
      'c.txt',
      'a-1.0.zip',
      'a-3.0b1.zip',
      'a-1.0+x.zip',
      'a-1.0+y.zip',
    ];
    const packages = Object.freeze(catalog(...names).packages.map((one) => ({ ...one, createdAt: 1 })));
    const one = catalogOf(packages);
    const other = catalogOf(packages.toReversed());

    expect(other.releases).toEqual(one.releases);
    expect(other.assets).toEqual(one.assets);
    expect(named(packages)).toEqual(names);
  });

  it('knows the release of a package', () => {
    const found = catalog('a-1.0.zip', 'a-2.0.zip', 'a-v1.0.0.zip');
    const foreign = catalog('a-3.0.zip').packages;

    expect(found.packages.map((stored) => found.releaseOf(stored).tag)).toEqual(['1.0', '2.0', '1.0']);
    for (const stored of foreign) expect(() => found.releaseOf(stored)).toThrow('another snapshot');
  });

  it('finds a release by its tag in any spelling, and by nothing that has more in it', () => {
    const found = catalog('a-v1.2.0.zip', 'b-1.2.0.tar.gz', 'a-v1.3.0-rc.1.zip', 'notes.txt');
    const [stable, candidate, unversioned] = found.releases;

    for (const tag of ['v1.2.0', '1.2.0', 'V1.2', '1.2.0.0']) expect(found.byTag(tag)).toBe(stable);
    for (const tag of ['v1.3.0-rc.1', '1.3.0rc1']) expect(found.byTag(tag)).toBe(candidate);
    expect(found.byTag('latest')).toBe(unversioned);
    for (const tag of ['', 'v1.2.1', '1.3.0', 'a-v1.2.0', 'v1.2.0.zip', 'notes', 'constructor']) {
      expect([tag, found.byTag(tag)]).toEqual([tag, undefined]);
    }
  });

  it('finds every release by the tags that its packages have', () => {
    const lines = readFileSync('libs/releases/src/version/names.txt', 'utf8').split('\n');
    const found = catalog(
      ...lines.filter((line) => /^[^#]/.test(line)).map((line) => line.split(' ', 1)[0] ?? ''),
    );

    const lost = found.packages.filter((stored) => {
      const version = packageVersion(stored);
      return version !== undefined && found.byTag(version.tag) !== found.releaseOf(stored);
    });
    expect(lost).toEqual([]);
  });

  it('finds releases and assets by the ids that GitHub clients keep', () => {
    const found = catalog('a-v1.2.0.zip', 'b-1.2.0.tar.gz', 'notes.txt');
    const [stable, unversioned] = found.releases;

    for (const tag of ['v1.2.0', '1.2.0']) expect(found.byId(releaseId(tag))).toBe(stable);
    expect(found.byId(releaseId('latest'))).toBe(unversioned);
    expect(found.byId(1)).toBeUndefined();
    for (const stored of found.packages) expect(found.assetById(assetId(stored))).toBe(stored);
    expect(found.assetById(1)).toBeUndefined();
    // Clients keep them, in lock files among others.
    expect([releaseId('v1.2.0'), ...found.packages.map(assetId)]).toEqual([
      238162417616152, 13080428200197, 249354948055191, 208216104276388,
    ]);
  });

  it('is made once for a snapshot', () => {
    const { packages } = catalog('a-1.0.zip');

    expect(catalogOf(packages)).toBe(catalogOf(packages));
    expect(catalogOf([...packages])).not.toBe(catalogOf(packages));
    expect(catalogOf(packages).assets).toBe(catalogOf(packages).assets);
  });
});
