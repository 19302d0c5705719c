import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nameInRelease } from '../package-name.js';
import type { StoreSnapshot } from '../package-reader.js';
import type { ReleaseRecord } from '../release-record.js';
import type { Owner } from '../staging/owner.js';
import { loadObservedStore, type OnCall } from '../testing/observed-filesystem.js';
import { EVICT_ALL, KEEP_ALL, publish } from '../testing/packages.js';
import { FilesystemPackageStore } from './filesystem.driver.js';

const observer: { onCall: OnCall } = { onCall: () => undefined };
const Observed = await loadObservedStore((call, file, to) => observer.onCall(call, file, to));

/** Calls that leave something on the disk. */
const WRITES = [
  'link',
  'mkdir',
  'open',
  'rename',
  'rm',
  'rmdir',
  'unlink',
  'utimes',
  'write',
  'writeFile',
  'fsync',
];

type Store = FilesystemPackageStore;

const record = (fields: Partial<ReleaseRecord>): ReleaseRecord => ({
  tag: 'v1',
  isDraft: false,
  createdAt: 1,
  updatedAt: 1,
  ...fields,
});

async function save(store: Store, fields: Partial<ReleaseRecord>, evict = KEEP_ALL): Promise<void> {
  await store.saveRelease('v1', () => record(fields), { evict });
}

async function fillDraft(store: Store): Promise<void> {
  for (const name of ['old-v1.zip', 'other.zip']) await publish(store, name, name);
  await save(store, { isDraft: true, notes: 'draft' });
  for (const file of ['a', 'b', 'c']) await publish(store, nameInRelease('v1', file), file);
}

async function fillPublic(store: Store): Promise<void> {
  await fillDraft(store);
  await save(store, { notes: 'public' });
}

interface Step {
  readonly does: string;
  readonly prepare: (store: Store) => Promise<void>;
  readonly run: (store: Store) => Promise<unknown>;
  /** What may be there as well, until a start applies retention again. */
  readonly between?: string;
  /** What may be shown as well while it runs: what leaves makes room first. */
  readonly meanwhile?: string;
}

const STEPS: readonly Step[] = [
  { does: 'making a draft', prepare: async () => undefined, run: (store) => save(store, { isDraft: true }) },
  { does: 'publishing a draft', prepare: fillDraft, run: (store) => save(store, { notes: 'public' }) },
  {
    does: 'publishing a draft, for which all others leave',
    prepare: fillDraft,
    run: (store) => save(store, { notes: 'public' }, EVICT_ALL),
    between: 'public: old-v1.zip other.zip v1/a v1/b v1/c; drafts: ; records: v1 false public',
    meanwhile: 'public: ; drafts: v1/a v1/b v1/c; records: v1 true draft',
  },
  { does: 'hiding a release', prepare: fillPublic, run: (store) => save(store, { isDraft: true }) },
  {
    does: 'removing a release with a flat package',
    prepare: fillPublic,
    run: (store) =>
      store.removeRelease('v1', ({ snapshot }) =>
        snapshot.packages.filter(({ name }) => name === 'old-v1.zip'),
      ),
  },
  {
    does: 'publishing a draft under another tag',
    prepare: fillDraft,
    run: (store) => save(store, { tag: 'v2', notes: 'public' }),
    between: 'public: old-v1.zip other.zip; drafts: v2/a v2/b v2/c; records: v2 true draft',
  },
  {
    does: 'evicting a release and its record',
    prepare: fillPublic,
    run: (store) =>
      store.prune((packages) =>
        packages
          .filter(({ name }) => name.startsWith('v1/'))
          .map((one) => ({ package: one, reason: 'old', endsRelease: 'v1' })),
      ),
    between: 'public: old-v1.zip other.zip v1/a v1/b v1/c; drafts: ; records: v1 false public',
  },
];

describe('a release, with the process killed at each call of a step', () => {
  let path: string;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'release-crash-'));
  });

  afterEach(async () => {
    observer.onCall = () => undefined;
    await rm(path, { recursive: true, force: true });
  });

  /** What is there, in words, and that all of it can be read. */
  async function stateAt(place: string): Promise<string> {
    const store = await FilesystemPackageStore.open({ path: place, minFreeSpace: 0, readOnly: false });
    try {
      const state = textOf(await store.snapshot());
      for (const { name } of await store.list()) await (await store.open(name)).close();
      return state;
    } finally {
      await store.close();
    }
  }

  /** Runs a step on a copy of `from` until its `end`th write, after which nothing of it reaches the disk. Whether it ended before. */
  async function runUntil(from: string, place: string, run: Step['run'], end: number): Promise<boolean> {
    await cp(from, place, { recursive: true, preserveTimestamps: true });
    const store = await Observed.open({ path: place, minFreeSpace: 0, readOnly: false });
    let writes = 0;
    observer.onCall = (call) => {
      if (!WRITES.includes(call) || (writes += 1) <= end) return;
      throw Object.assign(new Error('dead'), { code: 'EIO', syscall: call });
    };
    await run(store).catch(() => undefined);
    observer.onCall = () => undefined;
    (store as unknown as { owner: Owner }).owner.release();
    return writes <= end;
  }

  // Mutants: a step that fails leaves what it had begun, or the index as if it had not failed.
  it.each(STEPS)(
    'is what it was, or what it becomes, where one call fails: $does',
    async ({ prepare, run, between }) => {
      const home = join(path, 'home');
      const store = await FilesystemPackageStore.open({ path: home, minFreeSpace: 0, readOnly: false });
      await prepare(store);
      await store.close();
      const before = await stateAt(home);
      await runUntil(home, join(path, 'whole'), run, Number.POSITIVE_INFINITY);
      const after = await stateAt(join(path, 'whole'));

      for (let at = 1, isEnded = false; !isEnded; at++) {
        const place = join(path, `${at}`);
        await cp(home, place, { recursive: true, preserveTimestamps: true });
        const open = await Observed.open({ path: place, minFreeSpace: 0, readOnly: false });
        let writes = 0;
        observer.onCall = (call) => {
          // After a sync that fails nothing is known.
          if (!WRITES.includes(call) || call === 'fsync' || (writes += 1) !== at) return;
          throw Object.assign(new Error('once'), { code: 'EIO', syscall: call });
        };
        const isDone = await run(open).then(
          () => true,
          () => false,
        );
        observer.onCall = () => undefined;
        isEnded = writes < at;
        const state = textOf(await open.snapshot());
        // What was done and could not be synced is told as a failure, too.
        expect(isDone ? [after] : [before, after]).toContain(state);
        await open.close();
        expect([state, between]).toContain(await stateAt(place));
        await rm(place, { recursive: true });
      }
    },
  );

  // Mutant: the record of a release goes when its packages have gone, or is read again meanwhile.
  it.each(STEPS)(
    'is shown as it was or as it becomes, at every call: $does',
    async ({ prepare, run, meanwhile }) => {
      const store = await Observed.open({ path: join(path, 'home'), minFreeSpace: 0, readOnly: false });
      await prepare(store);
      const before = textOf(await store.snapshot());
      const seen = new Set<string>();
      let isLooking = false;
      observer.onCall = async () => {
        if (isLooking) return;
        isLooking = true;
        seen.add(textOf(await store.snapshot()));
        isLooking = false;
      };
      await run(store);
      observer.onCall = () => undefined;
      const after = textOf(await store.snapshot());
      await store.close();
      const shown = [...seen];
      expect(shown.filter((one) => ![before, after, meanwhile].includes(one))).toEqual([]);
      expect(shown).not.toEqual([]);
    },
  );

  // Mutants: packages leave or appear without a mark that decides; the record is written in place; what was withdrawn for a
  // draft is put back after it became public.
  it.each(STEPS)('is what it was or what it becomes: $does', async ({ prepare, run, between }) => {
    const home = join(path, 'home');
    const store = await FilesystemPackageStore.open({ path: home, minFreeSpace: 0, readOnly: false });
    await prepare(store);
    await store.close();
    const before = await stateAt(home);
    await runUntil(home, join(path, 'whole'), run, Number.POSITIVE_INFINITY);
    const after = await stateAt(join(path, 'whole'));
    expect(after).not.toBe(before);
    const seen = new Set<string>();

    for (let end = 0; ; end++) {
      const place = join(path, `${end}`);
      const isEnded = await runUntil(home, place, run, end);
      const state = await stateAt(place);
      expect([before, after, between]).toContain(state);
      seen.add(state);
      await rm(place, { recursive: true });
      if (isEnded) break;
    }

    expect([...seen]).toEqual(expect.arrayContaining([before, after]));
  });
});

function textOf({ packages, drafts, releases }: StoreSnapshot): string {
  const names = (list: StoreSnapshot['packages']): string =>
    list
      .map(({ name }) => name)
      .toSorted()
      .join(' ');
  const records = Array.from(releases.values(), ({ tag, isDraft, notes }) => `${tag} ${isDraft} ${notes}`);
  return `public: ${names(packages)}; drafts: ${names(drafts)}; records: ${records.join(', ')}`;
}
