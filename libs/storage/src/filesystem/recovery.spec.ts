import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Owner } from '../staging/owner.js';
import { Layout } from './layout.js';
import { prepareDirectories, recover, trashName } from './recovery.js';

const ELSEWHERE = 'ffffffffffff.1.00000000';

describe('recovery', () => {
  let layout: Layout;
  let owner: Owner;

  beforeEach(async () => {
    layout = new Layout(await mkdtemp(join(tmpdir(), 'recovery-')));
    owner = new Owner();
    await prepareDirectories(layout);
  });

  afterEach(async () => {
    owner.release();
    await rm(layout.root, { recursive: true, force: true });
  });

  it('puts back at a start what a process of another host had withdrawn, as a pod with a new name must', async () => {
    // Caught: waiting for the other host's file to grow old while its package is missing.
    await writeFile(join(layout.trash, trashName(ELSEWHERE, 0, 'a.zip')), 'old');
    expect(await recover(layout, false)).toEqual([]);
    expect(await recover(layout, true)).toEqual(['a.zip']);
    expect(await readFile(layout.package('a.zip'), 'utf8')).toBe('old');
    expect(await readdir(layout.trash)).toEqual([]);
  });

  it('leaves alone what a living process of this host has withdrawn or staged', async () => {
    await writeFile(join(layout.trash, trashName(owner.tag, 0, 'a.zip')), 'old');
    await writeFile(join(layout.incoming, `${owner.tag}~staged`), 'x');
    expect(await recover(layout, true)).toEqual([]);
    expect(await readdir(layout.trash)).toHaveLength(1);
    expect(await readdir(layout.incoming)).toHaveLength(1);
  });

  it('leaves alone what another host has staged a moment ago', async () => {
    await writeFile(join(layout.incoming, `${ELSEWHERE}~staged`), 'x');
    await recover(layout, true);
    expect(await readdir(layout.incoming)).toHaveLength(1);
  });

  it('never puts an old version over a newer one', async () => {
    await writeFile(join(layout.trash, trashName(ELSEWHERE, 0, 'a.zip')), 'old');
    await writeFile(layout.package('a.zip'), 'new');
    await recover(layout, true);
    expect(await readFile(layout.package('a.zip'), 'utf8')).toBe('new');
    expect(await readdir(layout.trash)).toEqual([]);
  });

  it('clears away what is not its own making', async () => {
    await mkdir(join(layout.incoming, 'directory', 'in it'), { recursive: true });
    await writeFile(join(layout.trash, `${ELSEWHERE}~../x`.replaceAll('/', '')), 'x');
    await recover(layout, true);
    expect(await readdir(layout.incoming)).toEqual([]);
    expect(await readdir(layout.trash)).toEqual([]);
  });
});
