import type { Package } from '../package-reader.js';
import type { PackageStore, PublishResult } from '../package-store.js';
import type { PackageStoreHarness } from './harness.js';
import {
  bodyOf,
  bytesOf,
  contentOf,
  EVICT_ALL,
  KEEP_ALL,
  keepNewest,
  namesIn,
  publish,
  publishAll,
  read,
  refusalOf,
  sha256Of,
  stage,
} from './packages.js';

/** Sizes that a driver may treat in different ways: kept in memory, or read from where it is stored. */
const SIZES = [5000, 300_000];

export function describeRaces(harness: PackageStoreHarness): void {
  describe('at the same time', () => {
    // Mutant: the name is created by looking and then renaming or writing. With one store its lock would hide
    // that; several stores on the same data do not share one.
    it.each([1, 4])('64 creates of one name through %d store(s) end with one success', async (count) => {
      const stores = [await harness.open()];
      while (stores.length < count) stores.push(await harness.reopen(stores[0] as PackageStore));

      for (let round = 0; round < 3; round++) {
        const name = `race-${round}.zip`;
        const contents = Array.from({ length: 64 }, (_, at) => bytesOf(2000, at + 1));
        const attempts = contents.map(async (content, at) => {
          const store = stores[at % count] as PackageStore;
          return { store, staged: await stage(store, content) };
        });
        const staged = await Promise.all(attempts);

        const outcomes = await Promise.all(
          staged.map(async ({ store, staged: each }) => {
            const attempt = store.publish(each, name, { condition: 'absent', evict: KEEP_ALL });
            const published = await attempt.catch(() => undefined);
            if (published !== undefined) return { won: published.package.sha256 };
            const { code } = await refusalOf(attempt);
            await store.discard(each);
            return { refused: code };
          }),
        );

        const winners = outcomes.flatMap(({ won }) => won ?? []);
        expect(winners).toHaveLength(1);
        const refusals = outcomes.flatMap(({ refused }) => refused ?? []);
        expect(refusals).toEqual(Array<string>(63).fill('package_exists'));
        const reopened = await harness.reopen(stores[0] as PackageStore);
        expect([sha256Of(await read(reopened, name))]).toEqual(winners);
      }
    });

    // Mutant: the lock is left between choosing what leaves and publishing.
    it('50 publishes that keep five end with exactly the five newest', async () => {
      const store = await harness.open();
      const staged = await Promise.all(Array.from({ length: 50 }, (_, at) => stage(store, `content ${at}`)));

      const results = await Promise.all(
        staged.map((each, at) =>
          store.publish(each, `${at}.zip`, { condition: 'absent', evict: keepNewest(5) }),
        ),
      );

      const newest = results
        .map((result) => result.package)
        .toSorted((a, b) => b.createdAt - a.createdAt)
        .slice(0, 5);
      expect(await store.list()).toEqual(newest);
      expect(results.flatMap(({ evicted }) => evicted)).toHaveLength(45);
      expect(await (await harness.reopen(store)).list()).toEqual(newest);
    });

    // Mutants: an overwrite writes into the stored file; the file is looked at and then opened by its name; a
    // reader that comes between the overwrite and its entry in the index finds nothing.
    it.each(SIZES)('readers of %d bytes get whole revisions of a name that is overwritten', async (size) => {
      const store = await harness.open();
      await publish(store, 'a.zip', bytesOf(size));
      let writing = true;
      let reads = 0;
      const reader = async (): Promise<void> => {
        while (writing) {
          const opened = await store.open('a.zip');
          const content = await contentOf(opened);
          expect({ size: content.length, sha256: sha256Of(content) }).toEqual({
            size: opened.package.size,
            sha256: opened.package.sha256,
          });
          expect(await store.find('a.zip')).toBeDefined();
          reads++;
          // What is served from memory would leave the writer no turn.
          await new Promise(setImmediate);
        }
      };

      const readers = Array.from({ length: 16 }, reader);
      for (let round = 1; round <= 40; round++) {
        await publish(store, 'a.zip', bytesOf(size + round, round));
        // What is stored in memory would leave the readers none.
        await new Promise(setImmediate);
      }
      writing = false;
      await Promise.all(readers);

      expect(reads).toBeGreaterThan(40);
    });

    // Mutant: the digest is entered for whatever lies under the name after the overwrite.
    it('two stores that overwrite one name never tell of a digest that its bytes do not have', async () => {
      const stores = [await harness.open()];
      stores.push(await harness.reopen(stores[0] as PackageStore));
      await publish(stores[0] as PackageStore, 'a.zip', bytesOf(999));
      const assertMatching = async (store: PackageStore): Promise<void> => {
        const opened = await store.open('a.zip').catch(() => undefined);
        if (opened === undefined) return;
        const digest = sha256Of(await contentOf(opened));
        expect(opened.package.sha256 ?? digest).toBe(digest);
      };

      for (let round = 0; round < 40; round++) {
        // Of one size, so that nothing but the digest tells them apart.
        await Promise.all(
          stores.map((store, at) => publish(store, 'a.zip', bytesOf(1000, 1 + round * 2 + at))),
        );
        await Promise.all(stores.map(assertMatching));
      }

      const reopened = await harness.reopen(stores[0] as PackageStore);
      await assertMatching(reopened);
    });

    // Mutant: memory is used again while a read or write that was given up is still at work on it.
    it('many reads, some of them given up, and uploads do not mix up their bytes', async () => {
      const store = await harness.open();
      const contents = Array.from({ length: 6 }, (_, at) => bytesOf(1_300_000 + at, at + 1));
      for (const [at, content] of contents.entries()) await publish(store, `${at}.zip`, content);
      const readSome = async (at: number, enough: number): Promise<void> => {
        const content = contents[at % contents.length] as Buffer;
        const opened = await store.open(`${at % contents.length}.zip`);
        let position = 0;
        for await (const chunk of opened.read()) {
          expect(content.subarray(position, position + chunk.length).equals(chunk)).toBe(true);
          position += chunk.length;
          if (position >= enough) break;
        }
        await opened.close();
      };
      const upload = async (at: number): Promise<void> => {
        const content = bytesOf(700_000, 100 + at);
        const staged = await store.stage(bodyOf(content.subarray(0, 300_000), content.subarray(300_000)), {
          maxSize: at % 3 === 0 ? 500_000 : content.length,
        });
        expect(staged.sha256).toBe(sha256Of(content));
        await store.publish(staged, `upload-${at}.zip`, { condition: 'absent', evict: KEEP_ALL });
        expect(sha256Of(await read(store, `upload-${at}.zip`))).toBe(staged.sha256);
      };

      const work = Array.from({ length: 90 }, async (_, at) => {
        if (at % 3 === 0) return upload(at / 3).catch(refusal);
        return readSome(at, at % 3 === 1 ? 1 : Number.POSITIVE_INFINITY);
      });

      await expect(Promise.all(work)).resolves.toHaveLength(90);
      expect(await store.list()).toHaveLength(contents.length + 20);
    });

    it('creates, overwrites, removals and evictions of a few names leave a store that agrees with its data', async () => {
      const store = await harness.open();
      await publishAll(store, '0.zip', '1.zip', '2.zip', '3.zip');
      const work = Array.from({ length: 80 }, async (_, at) => {
        const name = `${at % 7}.zip`;
        if (at % 5 === 4) return store.remove(name).catch(refusal);
        const condition = at % 3 === 0 ? 'absent' : 'any';
        return publish(store, name, bytesOf(100 + at, at + 1), { condition, evict: keepNewest(4) }).catch(
          refusal,
        );
      });
      await Promise.all(work);

      const list = await store.list();
      expect(list.length).toBeLessThanOrEqual(4);
      for (const { name, sha256 } of list) expect(sha256Of(await read(store, name))).toBe(sha256);
      const reopened = await harness.reopen(store);
      expect(await reopened.list()).toEqual(list);
      expect(await namesIn(reopened)).toEqual(await namesIn(store));
      expect(await harness.staged(store)).toEqual([]);
    });

    // Mutant: a commit is said when its promise resolves, after what it leaves behind is tidied up.
    it('says each commit once, in the order in which they took effect', async () => {
      const store = await harness.open();
      const stored = new Map<string, string | undefined>();
      const outOfOrder: string[] = [];
      const leave = ({ name, sha256 }: Package): void => {
        if (!stored.has(name) || stored.get(name) !== sha256) outOfOrder.push(`${name} leaves`);
        stored.delete(name);
      };
      const committed = ({ package: published, replaced, evicted }: PublishResult): void => {
        for (const one of evicted) leave(one.package);
        if (stored.get(published.name) !== replaced?.sha256) outOfOrder.push(`${published.name} comes`);
        stored.set(published.name, published.sha256);
      };

      const work = Array.from({ length: 120 }, async (_, at) => {
        const options = { evict: keepNewest(60), committed };
        if (at % 3 < 2) return publish(store, `${at % 71}.zip`, bytesOf(100 + at), options).catch(refusal);
        return store.remove(`${at % 71}.zip`, { committed: leave }).catch(refusal);
      });
      await Promise.all(work);
      const publishing = publish(store, 'last.zip', 'last', { evict: EVICT_ALL, committed });
      while ((await store.find('last.zip')) === undefined) await new Promise(setImmediate);
      await store.remove('last.zip', { committed: leave });
      await publishing;

      expect(outOfOrder).toEqual([]);
      expect([...stored]).toEqual([]);
      expect(await store.list()).toEqual([]);
    });
  });
}

/** Lets refusals pass, and nothing else. */
async function refusal(error: unknown): Promise<void> {
  await refusalOf(Promise.reject(error));
}
