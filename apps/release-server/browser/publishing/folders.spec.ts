import { describe, expect, it } from '@jest/globals';

import { collectFiles, MAX_FILES, type Collected } from './folders.js';
import { leftOut, sameName, sharedNames } from './left-out.js';

/** A folder as a browser has it: of strings files are made, of objects folders, of errors what it cannot read. */
interface Tree {
  readonly [name: string]: string | Tree | Error;
}

function folder(name: string, tree: Tree, path = `/${name}`): FileSystemEntry {
  const entries = Object.entries(tree).map(([inside, content]) =>
    entry(inside, content, `${path}/${inside}`),
  );
  return {
    name,
    fullPath: path,
    isDirectory: true,
    createReader: () => {
      // Browsers give no more than a hundred at a time.
      const left = [...entries];
      return { readEntries: (give: (some: FileSystemEntry[]) => void) => give(left.splice(0, 2)) };
    },
  } as unknown as FileSystemEntry;
}

function entry(name: string, content: string | Tree | Error, fullPath: string): FileSystemEntry {
  if (content instanceof Error) {
    const fail = (_: unknown, reject: (error: Error) => void): void => reject(content);
    return { name, fullPath, isDirectory: false, file: fail } as unknown as FileSystemEntry;
  }
  if (typeof content === 'object') return folder(name, content, fullPath);
  const give = (resolve: (file: File) => void): void => resolve(new File([content], name));
  return { name, fullPath, isDirectory: false, file: give } as unknown as FileSystemEntry;
}

const pathsIn = ({ files }: Collected): string[] => files.map(({ path }) => path);

describe('collectFiles', () => {
  it('finds the files at all levels, with those that were dropped themselves', async () => {
    const dist = folder('dist', {
      'a.zip': 'a',
      linux: { 'b.zip': 'b', x64: { 'c.zip': 'c' } },
      'd.zip': 'd',
    });
    const collected = await collectFiles([new File(['e'], 'e.zip'), dist]);

    expect(pathsIn(collected)).toEqual([
      'e.zip',
      'dist/a.zip',
      'dist/d.zip',
      'dist/linux/b.zip',
      'dist/linux/x64/c.zip',
    ]);
    expect(collected.files.map(({ file }) => file.name)).toEqual([
      'e.zip',
      'a.zip',
      'd.zip',
      'b.zip',
      'c.zip',
    ]);
    expect(leftOut(collected)).toBe('');
  });

  it('leaves out what is hidden and what cannot be read, and says so', async () => {
    const dist = folder('dist', {
      '.git': { config: 'x' },
      '.DS_Store': 'x',
      'a.zip': 'a',
      'b.zip': new Error('no'),
    });
    const collected = await collectFiles([dist]);

    expect(pathsIn(collected)).toEqual(['dist/a.zip']);
    expect(leftOut(collected)).toBe(
      'Hidden files were left out: dist/.git, dist/.DS_Store. Your browser could not read dist/b.zip.',
    );
  });

  it('says that there is nothing in what was dropped', async () => {
    expect(leftOut(await collectFiles([folder('dist', { linux: {} })]))).toBe(
      'There are no files to publish in what was dropped.',
    );
  });

  it('takes nothing where there is too much', async () => {
    const many = Object.fromEntries(Array.from({ length: MAX_FILES + 1 }, (_, at) => [`${at}.zip`, 'x']));
    const collected = await collectFiles([folder('dist', many)]);

    expect(collected.tooMany).toBe(true);
    expect(leftOut(collected)).toMatch(/^Nothing was taken: there are more than 500 files/);
    expect(
      (await collectFiles([folder('dist', Object.fromEntries(Object.entries(many).slice(1)))])).tooMany,
    ).toBe(false);
  });

  it('ends in a folder that is in itself', async () => {
    const loop = folder('loop', {});
    Object.assign(loop, {
      createReader: () => ({ readEntries: (give: (some: unknown[]) => void) => give([loop]) }),
    });

    expect((await collectFiles([loop])).tooMany).toBe(true);
  });
});

it('files of one name are told apart by where they lie', async () => {
  const dist = folder('dist', { 'a.zip': 'a', linux: { 'a.zip': 'b', 'c.zip': 'c' } });
  const shared = sharedNames((await collectFiles([dist])).files);

  expect([...shared]).toEqual([['a.zip', ['dist/a.zip', 'dist/linux/a.zip']]]);
  expect(sameName(shared.get('a.zip') ?? []).detail).toContain('dist/a.zip, dist/linux/a.zip');
});
