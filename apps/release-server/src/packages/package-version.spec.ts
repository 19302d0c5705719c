import { versionOf } from './package-version.js';

describe('the version in a name', () => {
  it.each([
    ['spec-kit-template-claude-sh-v1.2.3.zip', 'v1.2.3'],
    ['spec-kit-template-q-ps-v2.0.0-rc.1.zip', 'v2.0.0-rc.1'],
    ['tool-1.2.3-linux-x64.tar.gz', '1.2.3'],
    ['tool-1.2.3-rc1-linux-x64.tar.gz', '1.2.3-rc1'],
    ['tool_1.2.3_amd64.deb', '1.2.3'],
    ['tool-1.2.3-1.x86_64.rpm', '1.2.3'],
    ['tool-1.2.3-beta.2.7z', '1.2.3-beta.2'],
    ['tool-1.2.3-hotfix.1.zip', '1.2.3-hotfix.1'],
    ['tool-1.2.3-preview-win32.zip', '1.2.3-preview'],
    ['tool-1.2.3+build.5.zip', '1.2.3+build.5'],
    ['tool@1.2.3.tgz', '1.2.3'],
    ['1.2.3.zip', '1.2.3'],
    ['V1.2.3', 'V1.2.3'],
    ['tool-2024.01.05.zip', '2024.01.05'],
    ['tool-1.2.3.zip.sha256', '1.2.3'],
  ])('of %s is %s', (name, tag) => {
    expect(versionOf(name)?.tag).toBe(tag);
  });

  it.each([
    'notes.txt',
    'tool-1.2.zip',
    'tool-1.2.3.4.zip',
    'python3.11.2.zip',
    'tool',
    'tool-v1.zip',
    'a1.2.3b.zip',
  ])('is not to be found in %s', (name) => {
    expect(versionOf(name)).toBeUndefined();
  });

  it.each([
    ['tool-1.2.3-darwin-arm64.zip', []],
    ['tool-1.2.3-developer.zip', []],
    ['tool-1.2.3-rc.1.zip', ['rc', 1]],
    ['tool-1.2.3-SNAPSHOT.zip', ['SNAPSHOT']],
  ])('of %s has the pre-release %j', (name, prerelease) => {
    expect(versionOf(name)?.semver.prerelease).toEqual(prerelease);
  });

  it.each([
    `a-1.2.3-rc${'1'.repeat(60)}x.zip`,
    'tool-1.2.3-SNAPSHOT20250131.120000.12345678901234f.jar',
    `a-1.2.3-rc${'1'.repeat(184)}x.zip`,
    `a-1.2.3-rc${'.1'.repeat(92)}x.zip`,
  ])('is read at once in %s', (name) => {
    // Caught: backtracking that doubles with every digit, which never comes to an end here.
    expect(versionOf(name)).toMatchObject({ tag: '1.2.3' });
  });
});
