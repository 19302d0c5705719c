import { spawnSync } from 'node:child_process';

import * as fc from 'fast-check';

import { folderOf, isReleaseTag, tagOfFolder } from './release-tag.js';

/** Whether git takes it as a tag. It cannot be asked for names with NUL. */
function isTakenByGit(tag: string): boolean {
  if (tag.includes('\0')) return false;
  return spawnSync('git', ['check-ref-format', `refs/tags/${tag}`]).status === 0;
}

const hasGit = spawnSync('git', ['--version']).status === 0;

describe('the tag of a release', () => {
  it.each([
    'v1.2.3',
    '1',
    'cli/v1.2.0',
    'größe/ß',
    '发布/一',
    'a%b',
    'a@b',
    '@',
    'con',
    'a.b',
    'a./b',
    "it's",
    '#1',
    '日'.repeat(28),
    '',
    '.',
    '..',
    'a..b',
    'a/../b',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.',
    'a.lock',
    'a.lock/b',
    '@{',
    'a@{b',
    'a b',
    'a\tb',
    'a\nb',
    'a\0b',
    'a\x7fb',
    'a~b',
    'a^b',
    'a:b',
    'a?b',
    'a*b',
    'a[b',
    'a\\b',
  ])('is what git takes: %j', (tag) => {
    if (hasGit) expect({ tag, is: isReleaseTag(tag) }).toEqual({ tag, is: isTakenByGit(tag) });
  });

  it.each([
    ['more than 200 bytes', 'x'.repeat(201)],
    ['a dash in front, like an option', '-rf'],
    ['half a surrogate pair', 'a\ud800'],
    ['so many characters to encode that its folder had more than 255 bytes', 'a/'.repeat(99) + 'a'],
  ])('has not %s, though git may take it', (_, tag) => {
    expect(isReleaseTag(tag)).toBe(false);
  });

  it('is that of its folder, and of no other, whose name is safe in a path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (tag) => {
        fc.pre(isReleaseTag(tag));
        const folder = folderOf(tag);
        expect(tagOfFolder(folder)).toBe(tag);
        expect(folder).not.toMatch(/[/\\\0\s]|^\.{1,2}$/);
        expect(folder).toBe(folder.toWellFormed());
      }),
    );
  });

  // Mutant: a folder whose name is another encoding of a tag is a second folder of that release.
  it.each(['cli%2fv1', 'cli/v1', '%61', 'a%', '%ff', '%2e%2e', '.release-server', 'a%00b', '%41'])(
    'is not that of the folder %s',
    (folder) => {
      expect(tagOfFolder(folder)).toBeUndefined();
    },
  );
});
