import { describe, expect, it } from '@jest/globals';

import { Failure, type Problem } from './problem.js';
import { Uploads, type Phase, type Upload } from './uploads.js';

const PROBLEM: Problem = { title: 'The storage is full', again: true };
const STORED = { size: 1, sha256: null, etag: '"old"' };

/** Uploads whose work ends when the test says how. */
function start() {
  const ends = new Map<string, (end: Phase | Error) => void>();
  const shows = new Map<string, (phase: Phase) => void>();
  let settled = 0;
  const uploads = new Uploads(
    ({ file }, show, signal) =>
      new Promise((resolve, reject) => {
        shows.set(file.name, show);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        ends.set(file.name, (end) => (end instanceof Error ? reject(end) : resolve(end)));
        show({ is: 'uploading', done: 0, speed: undefined });
      }),
    { changed: () => undefined, settled: () => (settled += 1) },
  );
  const find = (name: string): Upload => {
    const upload = uploads.all.find(({ file }) => file.name === name);
    if (upload === undefined) throw new Error(`${name} was not given`);
    return upload;
  };
  return {
    uploads,
    find,
    shows,
    add: (...names: string[]) => names.forEach((name) => uploads.add(new File(['x'], name))),
    end: async (name: string, end: Phase | Error) => {
      ends.get(name)?.(end);
      await new Promise((resolve) => setTimeout(resolve));
    },
    phases: () => uploads.all.map(({ phase }) => phase.is),
    settled: () => settled,
  };
}

describe('Uploads', () => {
  it('has two under way at a time, the next when one ends', async () => {
    const { add, end, phases } = start();
    add('a', 'b', 'c', 'd');
    expect(phases()).toEqual(['uploading', 'uploading', 'waiting', 'waiting']);

    await end('b', { is: 'published', evicted: [] });

    expect(phases()).toEqual(['uploading', 'published', 'uploading', 'waiting']);
  });

  it('goes on after a failure, which it shows', async () => {
    const { add, end, phases, find } = start();
    add('a', 'b', 'c');

    await end('a', new Failure(PROBLEM));

    expect(phases()).toEqual(['failed', 'uploading', 'uploading']);
    expect(find('a').phase).toEqual({ is: 'failed', problem: PROBLEM });
  });

  it('does not try what would fail the same way, such as for want of a token', async () => {
    const { add, end, phases, settled } = start();
    add('a', 'b', 'c', 'd');

    await end('a', new Failure({ ...PROBLEM, forAll: true }));
    expect(phases()).toEqual(['failed', 'uploading', 'failed', 'failed']);

    await end('b', { is: 'published', evicted: [] });
    expect(settled()).toBe(1);
  });

  it('settles once when all have ended', async () => {
    const { add, end, settled } = start();
    add('a', 'b', 'c');
    await end('a', { is: 'published', evicted: [] });
    await end('b', { is: 'conflict', stored: STORED });
    expect(settled()).toBe(0);

    await end('c', { is: 'published', evicted: [] });

    expect(settled()).toBe(1);
  });

  it('cancels what waits and what is under way', async () => {
    const { add, end, phases, find, uploads, shows } = start();
    add('a', 'b', 'c');

    uploads.cancel(find('c'));
    uploads.cancel(find('a'));
    await end('b', { is: 'published', evicted: [] });
    shows.get('a')?.({ is: 'uploading', done: 1, speed: undefined });

    expect(phases()).toEqual(['cancelled', 'published', 'cancelled']);
  });

  it('leaves what has ended when somebody cancels it too late', async () => {
    const { add, end, phases, find, uploads } = start();
    add('a');
    await end('a', { is: 'published', evicted: [] });

    uploads.cancel(find('a'));

    expect(phases()).toEqual(['published']);
  });

  it('overwrites the version that was shown, on another round', async () => {
    const { add, end, phases, find, uploads, settled } = start();
    add('a');
    await end('a', { is: 'conflict', stored: STORED });

    uploads.overwrite(find('a'));

    expect(phases()).toEqual(['uploading']);
    expect(find('a').replaces).toBe('"old"');
    await end('a', { is: 'replaced', evicted: [] });
    expect(settled()).toBe(2);
  });

  it('does not go on with what was skipped', async () => {
    const { add, end, phases, find, uploads } = start();
    add('a');
    await end('a', { is: 'conflict', stored: STORED });
    uploads.skip(find('a'));

    uploads.overwrite(find('a'));

    expect(phases()).toEqual(['skipped']);
  });

  it('clears what is finished, not what waits for an answer', async () => {
    const { add, end, uploads } = start();
    add('a', 'b', 'c', 'd');
    await end('a', { is: 'conflict', stored: STORED });
    await end('b', new Failure(PROBLEM));

    uploads.clearFinished();

    expect(uploads.all.map(({ file }) => file.name)).toEqual(['a', 'c', 'd']);
  });

  it('shows what is wrong from the start, and does not try it', () => {
    const { uploads, phases, settled } = start();
    uploads.add(new File([], 'directory'), PROBLEM);

    expect(phases()).toEqual(['failed']);
    expect(settled()).toBe(1);
  });
});
