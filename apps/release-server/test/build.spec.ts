import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { makeDirectory } from './support/process.js';

/** Tools that note that they ran, and write a file as their output. */
const tool = (name: string, output: string): string => `
  import { appendFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
  appendFileSync('ran', ['${name}', ...process.argv.slice(2)].join(' ') + '\\n');
  if (existsSync('broken')) process.exit(3);
  if (existsSync('edit')) appendFileSync('libs/a.ts', 'meanwhile');
  mkdirSync('dist/${output}', { recursive: true });
  writeFileSync('dist/${output}/out.js', '');
`;
const SERVER = 'tsc --build apps/release-server/tsconfig.app.json';
const REST = ['browser', 'bundle'];

describe('tools/build/main.mjs', () => {
  let directory: Awaited<ReturnType<typeof makeDirectory>>;

  beforeEach(async () => {
    directory = await makeDirectory();
    await cp('tools/build/main.mjs', at('tools/build/main.mjs'));
    await cp('tools/build/files.mjs', at('tools/build/files.mjs'));
    await write('package.json', '{"type":"module"}');
    await write('node_modules/typescript/package.json', '{"type":"module"}');
    await write('node_modules/typescript/bin/tsc', tool('tsc', 'apps'));
    await write('apps/release-server/browser/build.mjs', tool('browser', 'browser'));
    await write('tools/build/bundle.mjs', tool('bundle', 'server'));
    for (const path of [
      'libs/a.ts',
      'libs/b.ts',
      'libs/b.spec.ts',
      'apps/release-server/src/main.ts',
      'examples/main.ts',
    ])
      await write(path, '');
    expect(await build()).toEqual([`${SERVER} --force`, ...REST]);
  });

  afterEach(() => directory.remove());

  const at = (path: string): string => join(directory.path, path);

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(at(path)), { recursive: true });
    await writeFile(at(path), text);
  }

  /** What it runs. */
  async function build(...parameters: string[]): Promise<string[]> {
    await rm(at('ran'), { force: true });
    await promisify(execFile)(process.execPath, ['tools/build/main.mjs', ...parameters], {
      cwd: directory.path,
    });
    return (await readFile(at('ran'), 'utf8').catch(() => '')).split('\n').filter(Boolean);
  }

  it('runs nothing when nothing has changed', async () => {
    expect(await build()).toEqual([]);
    expect(await build()).toEqual([]);
  });

  it('takes no notice of tests', async () => {
    await write('libs/b.spec.ts', 'changed');
    await write('libs/testing/harness.ts', 'new');
    expect(await build()).toEqual([]);
  });

  it.each([
    ['edited', () => appendFile(at('libs/a.ts'), 'x')],
    ['older', () => utimes(at('libs/a.ts'), 1, 1)],
    [
      'edited and given back its size and time',
      async () => {
        await utimes(at('libs/a.ts'), 1, 1);
        await build();
        await writeFile(at('libs/a.ts'), '');
        await utimes(at('libs/a.ts'), 1, 1);
      },
    ],
    ['new', () => write('libs/deep/new.ts', '')],
    ['gone', () => rm(at('libs/b.ts'))],
    ['renamed', () => rename(at('libs/b.ts'), at('libs/c.ts'))],
    ['another tool', () => write('node_modules/.package-lock.json', '{}')],
  ])('builds when a file is %s, and then no more', async (_, change) => {
    await change();
    expect(await build()).toEqual([SERVER, ...REST]);
    expect(await build()).toEqual([]);
  });

  it.each([
    ['something built is gone', () => rm(at('dist/apps/out.js'))],
    ['something built was written by others', () => writeFile(at('dist/server/out.js'), '')],
    ['there is no note of the last build', () => rm(at('dist/built.json'))],
    ['half of it was written', () => writeFile(at('dist/built.json'), '{"node":')],
  ])('builds all when %s', async (_, change) => {
    await change();
    expect(await build()).toEqual([`${SERVER} --force`, ...REST]);
    expect(await build()).toEqual([]);
  });

  it('builds all after a build that failed, and fails with it', async () => {
    await appendFile(at('libs/a.ts'), 'x');
    await write('broken', '');
    await expect(build()).rejects.toMatchObject({ code: 3 });
    await rm(at('broken'));
    expect(await build()).toEqual([`${SERVER} --force`, ...REST]);
  });

  it('builds again what was edited while it was built', async () => {
    await appendFile(at('libs/a.ts'), 'x');
    await write('edit', '');
    await build();
    await rm(at('edit'));
    expect(await build()).toEqual([SERVER, ...REST]);
    expect(await build()).toEqual([]);
  });

  it('builds the example where it is asked for, and not for that again', async () => {
    expect(await build('example')).toEqual([SERVER, 'tsc --build examples', ...REST]);
    expect(await build('example')).toEqual([]);
    expect(await build()).toEqual([]);
    await write('examples/main.ts', 'changed');
    expect(await build()).toEqual([]);
    expect(await build('example')).toEqual([SERVER, 'tsc --build examples', ...REST]);
  });
});
