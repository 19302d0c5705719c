import { StorageError, type PackageStore } from '#storage';

import { FilesystemHarness } from '../../../../libs/storage/src/testing/filesystem.harness.js';
import { bytesOf, namesIn, publish, read } from '../../../../libs/storage/src/testing/packages.js';
import { Migration } from './migration.js';

const YEAR_2020 = Date.UTC(2020, 0, 1);

describe('a migration', () => {
  const harness = new FilesystemHarness();
  let from: PackageStore;
  let to: PackageStore;

  beforeEach(async () => {
    from = await harness.open();
    to = await harness.open();
  });

  afterEach(() => harness.destroy());

  // Mutant: chunks are handed on whose memory the store uses again.
  it('copies large packages byte for byte', async () => {
    const content = bytesOf(5_000_000);
    const { package: original } = await publish(from, 'a.zip', content, { createdAt: YEAR_2020 });
    const open = from.open.bind(from);
    from.open = async (name) => {
      const opened = await open(name);
      return { package: opened.package, close: () => opened.close(), read: () => fleeting(content) };
    };

    expect(await new Migration(from, to, { overwrite: false }).copy('a.zip')).toEqual({ kind: 'copied' });

    expect(await to.list()).toEqual([original]);
    expect((await read(to, 'a.zip')).equals(content)).toBe(true);
  });

  // Mutants: what was stored is not read again; what cannot be read again stays.
  it.each<[string, () => AsyncGenerator<Uint8Array>, RegExp]>([
    [
      'gives back other bytes than it was sent',
      async function* wrong() {
        yield Buffer.from('wrong');
      },
      /^the target stored bytes with the SHA-256 [0-9a-f]{64} instead of [0-9a-f]{64}; it was removed there again$/,
    ],
    [
      'does not give back what it was sent',
      async function* failing() {
        yield Buffer.from('ri');
        throw new Error('no answer');
      },
      /^the target does not give it back \(no answer\); it was removed there again$/,
    ],
  ])('fails where the target %s, and leaves nothing there', async (_, readBack, message) => {
    await publish(from, 'a.zip', 'right');
    const open = to.open.bind(to);
    to.open = async (name) => {
      const opened = await open(name);
      return { package: opened.package, close: () => opened.close(), read: readBack };
    };

    const copying = new Migration(from, to, { overwrite: false }).copy('a.zip');

    await expect(copying).rejects.toThrow(message);
    expect(await namesIn(to)).toEqual([]);
    expect(await harness.staged(to)).toEqual([]);
  });

  it('fails where the target does not keep the time, and leaves nothing there', async () => {
    await publish(from, 'a.zip', 'a', { createdAt: YEAR_2020 });
    const publishWith = to.publish.bind(to);
    to.publish = (staged, name, options) =>
      publishWith(staged, name, { ...options, createdAt: YEAR_2020 + 1 });

    const copying = new Migration(from, to, { overwrite: false }).copy('a.zip');

    await expect(copying).rejects.toThrow('the target did not keep its time');
    expect(await namesIn(to)).toEqual([]);
  });

  it('copies what the source has by the time of its turn', async () => {
    await publish(from, 'a.zip', 'old');
    const migration = new Migration(from, to, { overwrite: false });
    const [{ name } = { name: '' }] = await migration.packages();
    const { package: current } = await publish(from, 'a.zip', 'new and longer');

    await migration.copy(name);

    expect(await to.list()).toEqual([current]);
  });

  describe('from a store in use', () => {
    /** Has something happen at the source once a first chunk is read; then its bytes cannot be read any more. */
    function breakOff(meanwhile: () => Promise<unknown>): void {
      const open = from.open.bind(from);
      from.open = async (name) => {
        from.open = open;
        const opened = await open(name);
        return { package: opened.package, close: () => opened.close(), read: broken };
      };
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('o');
        await meanwhile();
        throw new StorageError('storage_unavailable', 'The object store did not give the bytes of a.zip.');
      }
    }

    const copy = () => new Migration(from, to, { overwrite: false }).copy('a.zip');

    it('passes over what is gone by the time of its turn', async () => {
      expect(await copy()).toEqual({ kind: 'gone' });
    });

    it('passes over what leaves while it is read', async () => {
      await publish(from, 'a.zip', 'old');
      breakOff(() => from.remove('a.zip'));
      expect(await copy()).toEqual({ kind: 'gone' });
      expect([await namesIn(to), await harness.staged(to)]).toEqual([[], []]);
    });

    it('copies the new revision of what is overwritten while it is read', async () => {
      await publish(from, 'a.zip', 'old');
      breakOff(() => publish(from, 'a.zip', 'new'));
      expect(await copy()).toEqual({ kind: 'copied' });
      expect((await read(to, 'a.zip')).toString()).toBe('new');
    });

    it('gives up what is overwritten again and again', async () => {
      await publish(from, 'a.zip', 'old');
      let round = 0;
      const again = async (): Promise<void> => {
        breakOff(again);
        await publish(from, 'a.zip', `new ${++round}`);
      };
      breakOff(again);
      await expect(copy()).rejects.toThrow('it was overwritten again and again');
      expect(round).toBe(5);
    });

    it('fails where the same revision cannot be read', async () => {
      await publish(from, 'a.zip', 'old');
      breakOff(() => Promise.resolve());
      await expect(copy()).rejects.toMatchObject({ code: 'storage_unavailable' });
    });
  });

  it('does not overwrite what came to the target meanwhile', async () => {
    await publish(from, 'a.zip', 'of the source');
    const stage = to.stage.bind(to);
    to.stage = async (...parameters) => {
      await publish(await harness.reopen(to), 'a.zip', 'of another');
      return stage(...parameters);
    };

    const copying = new Migration(from, to, { overwrite: false }).copy('a.zip');

    await expect(copying).rejects.toThrow('a.zip is stored already');
    expect((await read(await harness.reopen(to), 'a.zip')).toString()).toBe('of another');
  });

  // Mutants: a release is public while its packages come; packages of a draft are copied without it.
  it('copies releases with their records, public once they are whole, and goes on where it ended', async () => {
    const record = { createdAt: 5, updatedAt: 6, notes: '# Notes', labels: { 'a.zip': 'A' } };
    const save = (store: PackageStore, tag: string, isDraft: boolean) =>
      store.saveRelease(tag, () => ({ tag, isDraft, ...record }), { evict: () => [] });
    await save(from, 'v1', false);
    await save(from, 'v2', true);
    await save(from, 'taken', true);
    await save(to, 'taken', false);
    for (const name of ['v1/a.zip', 'v2/a.zip', 'taken/a.zip', 'a.zip', 'v1/b.zip']) {
      await publish(from, name, name, { createdAt: YEAR_2020 });
    }

    const interrupted = new Migration(from, to, { overwrite: false });
    expect(await interrupted.beginReleases()).toEqual(['taken']);
    expect(await interrupted.copy('v1/a.zip')).toEqual({ kind: 'copied' });
    await interrupted.endReleases(new Set(['v1']));
    expect(await namesIn(to)).toEqual([]);

    const migration = new Migration(from, to, { overwrite: false });
    await migration.beginReleases();
    const outcomes: string[] = [];
    for (const { name } of await migration.packages())
      outcomes.push(`${name} ${(await migration.copy(name)).kind}`);
    await migration.endReleases(new Set());

    expect(outcomes.toSorted()).toEqual([
      'a.zip copied',
      'taken/a.zip conflict',
      'v1/a.zip skipped',
      'v1/b.zip copied',
      'v2/a.zip copied',
    ]);
    const [source, target] = [await from.snapshot(), await to.snapshot()];
    expect(target.packages).toEqual(source.packages);
    expect(target.drafts).toEqual(source.drafts.filter(({ name }) => name === 'v2/a.zip'));
    for (const tag of ['v1', 'v2']) expect(target.releases.get(tag)).toEqual(source.releases.get(tag));
    expect(target.releases.get('taken')?.isDraft).toBe(false);
  });
});

/** Chunks that are valid only until the next is asked for, as the contract has it. */
async function* fleeting(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100_000) {
    const chunk = Buffer.from(content.subarray(at, at + 100_000));
    yield chunk;
    chunk.fill(0);
  }
}
