import { readFileSync } from 'node:fs';

import { NO_RELEASES, type Package, type ReleaseRecord } from '#storage';

import { packageVersion } from './package-version.js';
import { catalogOf, type ReleaseCatalog } from './release-catalog.js';
import { releaseId } from './release.js';

/** Packages of these names, the newest first. */
function catalog(...names: readonly string[]): ReleaseCatalog {
  return catalogWith([], names);
}

/** As {@link catalog}, of packages in the folders of drafts too. */
function catalogWith(
  records: readonly ReleaseRecord[],
  names: readonly string[],
  drafts: readonly string[] = [],
): ReleaseCatalog {
  const packages = (all: readonly string[]): Package[] =>
    all.map((name, age) => ({ name, size: 1, createdAt: 100 - age, sha256: undefined, revision: name }));
  return catalogOf({
    packages: packages(names),
    drafts: packages(drafts),
    releases: new Map(records.map((one) => [one.tag, one])),
  });
}

function record(tag: string, further: Partial<ReleaseRecord> = {}): ReleaseRecord {
  return { tag, isDraft: false, createdAt: 50, updatedAt: 60, ...further };
}

function ofPackages(packages: readonly Package[]): ReleaseCatalog {
  return catalogOf({ packages, drafts: [], releases: NO_RELEASES });
}

/** Tags with the names of their packages. */
function contents(releases: ReleaseCatalog['releases']): [string, string[]][] {
  return releases.map(({ tag, assets }) => [tag, named(assets)]);
}

function tags({ releases }: ReleaseCatalog): string[] {
  return releases.map(({ tag }) => tag);
}

function named(packages: readonly Package[]): string[] {
  return packages.map(({ name }) => name);
}

const COLLIDING_TAGS = ['build-17912', 'build-18869'] as const;

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
      createdAt: 96,
      updatedAt: 100,
      publishedAt: 96,
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
    const one = ofPackages(packages);
    const other = ofPackages(packages.toReversed());

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

    expect(found.byId(releaseId('v1.2.0'))).toBe(stable);
    expect(found.byId(releaseId('latest'))).toBe(unversioned);
    expect(found.byId(1)).toBeUndefined();
    for (const stored of found.packages) expect(found.assetById(found.assetId(stored))).toBe(stored);
    expect(found.assetById(1)).toBeUndefined();
    // Clients keep them, in lock files among others.
    expect([releaseId('v1.2.0'), ...found.packages.map((stored) => found.assetId(stored))]).toEqual([
      908517523, 49897873, 951213638, 794281403,
    ]);
  });

  it('has what lies in the folder of a tag as one release, with the flat packages of its version', () => {
    const found = catalogWith(
      [],
      ['v1.2.0/b.zip', 'c-1.2.0.zip', 'v1.2.0/latest.yml', 'a-v1.1.0.zip', 'cli%2Fv1.3.0/a.zip', 'x-1.3.zip'],
    );

    expect(contents(found.releases)).toEqual([
      ['cli/v1.3.0', ['cli%2Fv1.3.0/a.zip']],
      ['1.3', ['x-1.3.zip']],
      ['v1.2.0', ['v1.2.0/b.zip', 'c-1.2.0.zip', 'v1.2.0/latest.yml']],
      ['v1.1.0', ['a-v1.1.0.zip']],
    ]);
    for (const tag of ['v1.2.0', '1.2', '1.2.0']) expect(found.byTag(tag)?.tag).toBe('v1.2.0');
    expect(found.byTag('cli/v1.3.0')?.version?.key).toBe('1.3.0');
    expect(found.byTag('cli/1.3.0')).toBeUndefined();
  });

  it('has folders of one version as releases of their own, and flat packages in the one spelt like them', () => {
    const names = ['1.2.0/a.zip', 'v1.2.0/a.zip', 'b-1.2.0.zip', 'b-v1.2.0.zip', 'b-1.2.zip'];

    expect(Object.fromEntries(contents(catalog(...names).releases))).toEqual({
      '1.2.0': ['1.2.0/a.zip', 'b-1.2.0.zip'],
      'v1.2.0': ['v1.2.0/a.zip', 'b-v1.2.0.zip', 'b-1.2.zip'],
    });
    for (const tag of ['v1.2.0', '1.2.0']) expect(catalog(...names).byTag(tag)?.tag).toBe(tag);
  });

  it('takes the word of the record of a release, with packages or without', () => {
    const [given, empty] = [record('v1.2.0', { title: 'One', notes: '# One' }), record('nightly')];
    const found = catalogWith([given, empty], ['a-1.2.0.zip']);

    expect(contents(found.releases)).toEqual([
      ['v1.2.0', ['a-1.2.0.zip']],
      ['nightly', []],
    ]);
    expect(found.releases[0]).toMatchObject({ record: given, title: 'One', notes: '# One', createdAt: 50 });
    expect(found.releases[1]).toMatchObject({ record: empty, title: 'nightly', notes: '', publishedAt: 50 });
    expect(found.latest?.tag).toBe('v1.2.0');
    expect(catalogWith([empty], []).latest).toBeUndefined();
  });

  it('ranks packages by the tag of their folder, else by their names, and as pre-releases where the record says so', () => {
    const names = ['nightly/a-2.1.0.zip', 'v2.0.0/a-9.0.zip', 'v3.0.0/a.zip', 'v1.0.0-rc.1/a.zip', 'x/a.zip'];
    const records = [
      record('v3.0.0', { isPrerelease: true }),
      record('v1.0.0-rc.1', { isPrerelease: false }),
    ];
    const found = catalogWith(records, names);

    expect(named(found.assets)).toEqual([
      'nightly/a-2.1.0.zip',
      'v2.0.0/a-9.0.zip',
      'v1.0.0-rc.1/a.zip',
      'v3.0.0/a.zip',
      'x/a.zip',
    ]);
    expect(tags(found)).toEqual(['nightly', 'v2.0.0', 'v1.0.0-rc.1', 'v3.0.0', 'x']);
    expect(found.byTag('cli/v1.0.0-rc.1')).toBeUndefined();
    expect(catalog('cli%2Fv1.0.0-rc.1/a').latest).toMatchObject({
      tag: 'cli/v1.0.0-rc.1',
      isPrerelease: true,
    });
  });

  it('keeps drafts apart from what is public', () => {
    const draft = record('v1.2.0', { isDraft: true });
    const found = catalogWith([draft], ['a-v1.2.0.zip', 'a-v1.1.0.zip'], ['v1.2.0/b.zip']);
    const [hidden] = found.drafts;

    expect(tags(found)).toEqual(['v1.2.0', 'v1.1.0']);
    expect([named(found.assets), found.size]).toEqual([['a-v1.2.0.zip', 'a-v1.1.0.zip'], 2]);
    expect(contents(found.drafts)).toEqual([['v1.2.0', ['v1.2.0/b.zip']]]);
    expect(hidden).toMatchObject({ isDraft: true, record: draft, publishedAt: undefined });
    expect(found.draftByTag('v1.2.0')).toBe(hidden);
    expect(found.draftByTag('1.2.0')).toBeUndefined();
    expect(found.byTag('v1.2.0')?.isDraft).toBe(false);
    expect(found.releaseOf(hidden!.assets[0]!)).toBe(hidden);
    // It keeps the id that it will have as a public one.
    expect(hidden!.id).toBe(releaseId('v1.2.0'));
    expect(found.byId(hidden!.id)).toBe(hidden);
    expect(found.byId(found.releases[0]!.id)).toBe(found.releases[0]);
  });

  it('tells the latest release of GitHub: the last that was marked, else the highest stable one', () => {
    const names = ['v3.0.0-rc.1/a', 'v2.0.0/a', 'v1.0.0/a'];
    const latest = (...records: ReleaseRecord[]): string | undefined =>
      catalogWith(records, names).latestRelease?.tag;

    expect(latest()).toBe('v2.0.0');
    expect(latest(record('v2.0.0', { latest: 'never' }))).toBe('v1.0.0');
    expect(latest(record('v1.0.0', { latest: 5 }))).toBe('v1.0.0');
    expect(latest(record('v1.0.0', { latest: 5 }), record('v2.0.0', { latest: 6 }))).toBe('v2.0.0');
    expect(latest(record('v3.0.0-rc.1', { latest: 7 }))).toBe('v2.0.0');
    expect(latest(record('v4.0.0', { isDraft: true, latest: 7 }))).toBe('v2.0.0');
    expect(latest(record('v4.0.0'))).toBe('v4.0.0');
    expect(catalog('a-1.0.0-rc.1.zip').latestRelease).toBeUndefined();
  });

  it('gives things whose hashes are the same different ids, the older that of the hash', () => {
    const [one, other] = COLLIDING_TAGS;
    expect(releaseId(one)).toBe(releaseId(other));
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const found = catalog(`${second}/a`, `${first}/a`);
      const [older, newer] = [found.byTag(first)!, found.byTag(second)!];
      expect(older.id).toBe(releaseId(first));
      expect(newer.id).toBeGreaterThanOrEqual(2 ** 30);
      expect(newer.id).toBeLessThan(2 ** 31);
      for (const release of [older, newer]) {
        expect(found.byId(release.id)).toBe(release);
        expect(found.releases).toContain(release);
        expect(found.releaseOf(release.assets[0]!)).toBe(release);
      }
    }
  });

  it('is made once for a snapshot', () => {
    const snapshot = { packages: catalog('a-1.0.zip').packages, drafts: [], releases: NO_RELEASES };

    expect(catalogOf(snapshot)).toBe(catalogOf(snapshot));
    expect(catalogOf({ ...snapshot })).not.toBe(catalogOf(snapshot));
    expect(catalogOf(snapshot).assets).toBe(catalogOf(snapshot).assets);
  });
});
