import { chmod, chown, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { tagOfDead } from '../testing/owners.js';
import { prepareSpool, spoolIn } from './spool.js';

const NOBODY = 65534;
/** Giving something to somebody else takes root. */
const itAsRoot = process.geteuid?.() === 0 ? it : it.skip;

describe('the spool', () => {
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'spool-'));
  });

  afterEach(() => rm(path, { recursive: true, force: true }));

  // Caught: whatever has no owner that lives is removed.
  it('leaves alone what is in the directory that was given for it', async () => {
    const strangers = ['thesis.docx', `${tagOfDead()}~x`];
    for (const name of strangers) await writeFile(join(path, name), 'precious');

    await prepareSpool(path);

    expect((await readdir(path)).toSorted()).toEqual([...strangers, 'release-server-spool'].toSorted());
  });

  it('is swept of what processes that are gone have left, and of nothing else', async () => {
    await prepareSpool(path);
    await writeFile(join(spoolIn(path), `${tagOfDead()}~x`), 'half');
    await writeFile(join(spoolIn(path), 'thesis.docx'), 'precious');

    await prepareSpool(path);

    expect(await readdir(spoolIn(path))).toEqual(['thesis.docx']);
  });

  it('is private, whatever the umask', async () => {
    const umask = process.umask(0);
    try {
      await prepareSpool(join(path, 'new'));
    } finally {
      process.umask(umask);
    }

    expect((await stat(spoolIn(join(path, 'new')))).mode & 0o777).toBe(0o700);
  });

  it('is made private again when it was opened to others', async () => {
    await prepareSpool(path);
    await chmod(spoolIn(path), 0o777);

    await prepareSpool(path);

    expect((await stat(spoolIn(path))).mode & 0o777).toBe(0o700);
  });

  it('is not followed when it is a link', async () => {
    const outside = join(path, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, `${tagOfDead()}~x`), 'precious');
    await symlink(outside, spoolIn(path));

    await expect(prepareSpool(path)).rejects.toMatchObject({ code: 'storage_failed' });

    expect(await readdir(outside)).toHaveLength(1);
  });

  itAsRoot.each([
    ['itself', (at: string) => spoolIn(at)],
    ['what it lies in', (at: string) => at],
  ])('is refused where anybody could have made %s before', async (_, which) => {
    const place = join(path, 'shared');
    await mkdir(join(place, 'release-server'), { recursive: true });
    await chmod(place, 0o1777);
    const spoolPath = join(place, 'release-server');
    await chmod(spoolPath, 0o777);
    await prepareSpool(spoolPath);
    await chown(which(spoolPath), NOBODY, NOBODY);

    await expect(prepareSpool(spoolPath)).rejects.toThrow(
      /belongs to another user \(uid 65534\).*s3\.spool_path/,
    );
  });
});
