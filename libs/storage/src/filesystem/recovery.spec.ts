import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Owner } from '../staging/owner.js';
import { tagOfDead } from '../testing/owners.js';
import { Adoption } from './adoption.js';
import { Layout } from './layout.js';
import { recover } from './recovery.js';
import { trashName } from './withdrawal.js';

const ELSEWHERE = 'ffffffffffff.1.00000000';

describe('recovery', () => {
  let layout: Layout;
  let owner: Owner;

  beforeEach(async () => {
    layout = new Layout(await mkdtemp(join(tmpdir(), 'recovery-')));
    owner = new Owner();
    await new Adoption(layout).prepare();
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

  it('never puts an old revision over a newer one', async () => {
    await writeFile(join(layout.trash, trashName(ELSEWHERE, 0, 'a.zip')), 'old');
    await writeFile(layout.package('a.zip'), 'new');
    await recover(layout, true);
    expect(await readFile(layout.package('a.zip'), 'utf8')).toBe('new');
    expect(await readdir(layout.trash)).toEqual([]);
  });

  it('removes the directory of a withdrawal that was cut off before it took anything out', async () => {
    const [dead, living] = [tagOfDead(), owner.tag];
    for (const tag of [dead, living, ELSEWHERE]) {
      await mkdir(join(layout.trash, `${tag}.0`));
      await mkdir(join(layout.trash, `${tag}.1`, 'v1.0'), { recursive: true });
    }
    expect(await recover(layout, true)).toEqual([]);
    expect((await readdir(layout.trash)).toSorted()).toEqual(
      [`${living}.0`, `${living}.1`, `${ELSEWHERE}.0`, `${ELSEWHERE}.1`].toSorted(),
    );
  });

  // Caught: whatever lies there is removed, with all that is in it.
  it('leaves alone what is not its own making', async () => {
    const letter = join(layout.root, 'letter.txt');
    await writeFile(letter, 'dear');
    const strangers = [
      'thesis.docx',
      'directory',
      '.hidden',
      ELSEWHERE,
      `${ELSEWHERE}.0`,
      `x${ELSEWHERE}~a.zip`,
      'ffffffffffff.0.00000000~a.zip',
      'FFFFFFFFFFFF.1.00000000~a.zip',
      `${tagOfDead()}~a directory`,
      `${tagOfDead()}.1~a-directory.zip`,
      `${tagOfDead()}~a link`,
      `${tagOfDead()}.2~a-link.zip`,
    ];
    for (const directory of [layout.incoming, layout.trash]) {
      for (const name of strangers) {
        const path = join(directory, name);
        if (name.includes('directory')) await mkdir(join(path, 'in it'), { recursive: true });
        else if (name.includes('link')) await symlink(letter, path);
        else await writeFile(path, 'precious');
      }
    }

    for (const isStart of [true, false]) expect(await recover(layout, isStart)).toEqual([]);

    expect((await readdir(layout.incoming)).toSorted()).toEqual(strangers.toSorted());
    expect((await readdir(layout.trash)).toSorted()).toEqual(strangers.toSorted());
    expect((await readdir(layout.root)).toSorted()).toEqual(['.release-server', 'letter.txt']);
  });

  it.each(['incoming', 'trash', 'meta'])('does nothing where %s has become a link', async (directory) => {
    const outside = await mkdtemp(join(tmpdir(), 'outside-'));
    await writeFile(join(outside, `${tagOfDead()}~x`), 'x');
    await rm(join(layout.base, directory), { recursive: true });
    await symlink(outside, join(layout.base, directory));

    for (const isStart of [true, false]) {
      await expect(recover(layout, isStart)).rejects.toMatchObject({
        code: 'storage_failed',
        message: expect.stringContaining(`${directory} is a symbolic link`) as string,
      });
    }

    expect(await readdir(outside)).toHaveLength(1);
    await rm(outside, { recursive: true });
  });
});
