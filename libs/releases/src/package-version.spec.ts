import { readFileSync } from 'node:fs';

import { WORDS } from './version/words.js';
import { compareVersions, packageVersion, versionOf, type PackageVersion } from './package-version.js';

const names = readFileSync('libs/releases/src/version/names.txt', 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => line.split(' ') as [name: string, tag: string, kind: string]);

function version(text: string): PackageVersion {
  const found = versionOf(`tool-${text}.zip`);
  if (found === undefined) throw new Error(`no version in ${text}`);
  return found;
}

describe('the version in a name', () => {
  it.each(names)('%s: %s, %s', (name, tag, kind) => {
    const found = versionOf(name);
    const isPrerelease = found?.isPrerelease === true ? 'pre' : 'stable';
    expect([found?.tag ?? '-', found === undefined ? 'none' : isPrerelease]).toEqual([tag, kind]);
  });

  it('follows the documented words', () => {
    const [, section = ''] = readFileSync('docs/http.md', 'utf8').split('## Versions in names\n');
    const table = section.slice(0, section.indexOf('\nAll but the last two'));
    expect([...WORDS.keys()].filter((word) => !table.includes(`\`${word}\``))).toEqual([]);
  });

  it('is known in some two hundred names', () => {
    expect(names.length).toBeGreaterThan(200);
    expect(new Set(names.map(([name]) => name)).size).toBe(names.length);
  });

  it('is read once for a package', () => {
    const stored = { name: 'a-1.2.3.zip', size: 1, createdAt: 0, sha256: undefined, revision: 'x' };
    expect(packageVersion(stored)).toBe(packageVersion(stored));
    const unversioned = { ...stored, name: 'a.zip' };
    expect([packageVersion(unversioned), packageVersion(unversioned)]).toEqual([undefined, undefined]);
  });
});

describe('versions', () => {
  it.each([
    ['1.2.3', 'v1.2.3', 'V1.2.3', '1.2.3.0', '01.02.03', '1.2.3.Final', '1.2.3-RELEASE', '1.2.3.GA'],
    ['1.2', '1.2.0', 'v1.2.0.0'],
    ['1.2.3-rc.1', '1.2.3rc1', '1.2.3~rc1', '1.2.3_rc1', '1.2.3.rc1', '1.2.3-RC1', '1.2.3c1', '1.2.3.CR1'],
    ['1.2-beta.2', '1.2.0b2', '1.2.0-beta2'],
    ['1.2.3-linux-x64-rc1', '1.2.3-rc.1'],
  ])('are one release, however they are spelt: %s, %s', (...spellings) => {
    expect(new Set(spellings.map((text) => version(text).key)).size).toBe(1);
    for (const text of spellings) expect(compareVersions(version(text), version(spellings[0] ?? ''))).toBe(0);
  });

  it('are in order', () => {
    const ascending = [
      '0.9.10',
      '1.0.0-0',
      '1.0.0-dev.1',
      '1.0.0-alpha',
      '1.0.0a1',
      '1.0.0-alpha.2',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-M1',
      '1.0.0-preview.1',
      '1.0.0rc1.dev2',
      '1.0.0-rc.1',
      '1.0.0-rc.2',
      '1.0.0.post1.dev1',
      '1.0.0.post1',
      '1.0.0.post2',
      '1.0.0.1-rc.1',
      '1.0.0.1',
      '1.0.1',
      '1.2',
      '1.2.3',
      '1.2.3.5',
      '1.2.10',
      '1.10.0',
      '3.3',
      '3.3a',
      '3.3b',
      '2024.01.05',
      '2024.01.06',
      `${'9'.repeat(60)}.0.1`,
      `${'9'.repeat(60)}.0.2`,
    ];
    // The last release of a number is above its pre-releases, wherever `1.0` stands for it.
    expect(compareVersions(version('1.0'), version('1.0.0-rc.2'))).toBeGreaterThan(0);
    expect(compareVersions(version('1.0'), version('1.0.0.post1.dev1'))).toBeLessThan(0);
    const sorted = ascending.toReversed().toSorted((a, b) => compareVersions(version(a), version(b)));
    expect(sorted).toEqual(ascending);
  });
});
