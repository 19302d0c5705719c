import { Permissions, type Grant, type Scope, type TokenVerifier } from '#auth';
import { RetentionService } from '#retention';
import type { Package, PackageStore } from '#storage';

import { MaxPackagesPolicy } from '../../../../libs/retention/src/max-packages.policy.js';
import { FilesystemHarness } from '../../../../libs/storage/src/testing/filesystem.harness.js';
import { publish } from '../../../../libs/storage/src/testing/packages.js';
import { serverConfigSchema } from '../config/config.schema.js';
import { Config } from '../config/config.js';
import type { PackageEvent, ReleaseEvent, Requester } from '../events/package-event.js';
import { PackageEvents } from '../events/package-events.js';
import { MAX_NOTES, MAX_TEXT_BYTES } from './release-fields.js';
import { ReleaseWrites } from './release-writes.service.js';

const ANNA: Requester = { principal: { name: 'anna' } };
const DRAFT = { tag: 'v1.0.0', isDraft: true };
const PUBLIC = { tag: 'v1.0.0', isDraft: false };

describe('ReleaseWrites', () => {
  const harness = new FilesystemHarness();
  let store: PackageStore;
  let writes: ReleaseWrites;
  let said: string[];

  beforeEach(() => start());

  afterEach(() => harness.destroy());

  async function start(
    options: Record<string, unknown> = {},
    verifier: Partial<TokenVerifier> = {},
  ): Promise<void> {
    store = await harness.open();
    said = [];
    const config = new Config(serverConfigSchema.parse({ auth_token: 'x', ...options }));
    const retaining = { maxPackages: config.max_packages, readOnly: config.read_only };
    const auth = { readOnly: config.read_only } as ConstructorParameters<typeof Permissions>[1];
    const events = new PackageEvents();
    events.subscribe((event) => void said.push(inWords(event)));
    writes = new ReleaseWrites(
      store,
      new RetentionService(new MaxPackagesPolicy(retaining), retaining),
      new Permissions(verifier as TokenVerifier, auth),
      events,
      config,
    );
  }

  const add = async (name: string): Promise<Package> => (await publish(store, name, name)).package;
  const records = async () => [...(await store.snapshot()).releases.values()];
  const names = async () => (await store.list()).map(({ name }) => name);

  it('creates a release, with who made it and when', async () => {
    const fields = { title: 'One', notes: '# One', target: 'main', isPrerelease: true };
    const { record } = await writes.create('v1.0.0', fields, ANNA);

    const time = record.createdAt;
    expect(record).toEqual({
      tag: 'v1.0.0',
      title: 'One',
      notes: '# One',
      target: 'main',
      isPrerelease: true,
      isDraft: false,
      author: 'anna',
      createdAt: time,
      updatedAt: time,
      publishedAt: time,
    });
    expect(await records()).toEqual([record]);
    expect(said).toEqual(['release.published v1.0.0']);
  });

  it.each([
    ['v1.0.0', 'v1.0.0/tool.zip'],
    ['1.0.0', 'tool-v1.0.0.zip'],
  ])('creates no %s where %s is a release of it', async (tag, name) => {
    await add(name);
    await expect(writes.create(tag, { isDraft: true }, ANNA)).rejects.toMatchObject({
      code: 'release_exists',
    });
    expect([await records(), said]).toEqual([[], []]);
  });

  it('publishes a draft with all that came into it', async () => {
    await writes.create('v1.0.0', { isDraft: true, latest: 'yes' }, ANNA);
    await add('v1.0.0/a.zip');
    await add('v1.0.0/b.zip');
    expect(await names()).toEqual([]);
    await expect(writes.create('v1.0.0', {}, ANNA)).rejects.toMatchObject({ code: 'release_exists' });

    const { record } = await writes.edit(DRAFT, { isDraft: false }, ANNA);

    expect(record.publishedAt).toBeGreaterThan(record.createdAt);
    expect(record.latest).toBe(record.publishedAt);
    expect(await names()).toEqual(['v1.0.0/b.zip', 'v1.0.0/a.zip']);
    expect(said).toEqual([
      'release.drafted v1.0.0',
      'package.published v1.0.0/b.zip',
      'package.published v1.0.0/a.zip',
      'release.published v1.0.0',
    ]);
    // By who took it for a draft still.
    const late = await writes.edit(DRAFT, { title: 'Late' }, ANNA);
    expect(late.record).toMatchObject({ isDraft: false, title: 'Late' });
    expect(said.at(-1)).toBe('release.edited v1.0.0');
    await expect(writes.remove(DRAFT, ANNA)).rejects.toMatchObject({ code: 'release_not_found' });
  });

  it('says what leaves for a draft that becomes public', async () => {
    await start({ max_packages: 1 });
    await add('old-0.1.0.zip');
    await writes.create('v1.0.0', { isDraft: true }, ANNA);
    await add('v1.0.0/a.zip');
    await writes.edit(DRAFT, { isDraft: false }, ANNA);
    expect(said.slice(1)).toEqual([
      'package.evicted old-0.1.0.zip',
      'package.published v1.0.0/a.zip',
      'release.published v1.0.0',
    ]);
  });

  it('gives notes to a release of packages, which keeps its times', async () => {
    const { createdAt } = await add('tool-v1.0.0.zip');
    const { record } = await writes.edit(PUBLIC, { notes: 'text', latest: 'never' }, ANNA);
    expect(record).toMatchObject({ notes: 'text', latest: 'never', createdAt, publishedAt: createdAt });
    expect(said).toEqual(['release.edited v1.0.0']);

    const { record: again } = await writes.edit(PUBLIC, { notes: '', title: 'T', latest: 'auto' }, ANNA);
    expect([again.notes, again.title, again.latest]).toEqual([undefined, 'T', undefined]);
  });

  it('leaves what is not mentioned', async () => {
    await writes.create('v1.0.0', { title: 'T', notes: 'N', isPrerelease: true, latest: 'yes' }, ANNA);
    const [before] = await records();
    const { record } = await writes.edit(PUBLIC, {}, ANNA);
    expect({ ...record, updatedAt: 0 }).toEqual({ ...before, updatedAt: 0 });
  });

  it('moves a release with its folder to another tag, and packages outside of it nowhere', async () => {
    await writes.create('v1.0.0', {}, ANNA);
    await add('v1.0.0/a.zip');
    await writes.create('v3', {}, ANNA);
    await expect(writes.edit(PUBLIC, { tag: 'v3' }, ANNA)).rejects.toMatchObject({ code: 'release_exists' });
    await writes.edit(PUBLIC, { tag: 'cli/v2.0.0' }, ANNA);
    expect(await names()).toEqual(['cli%2Fv2.0.0/a.zip']);

    await add('tool-v5.0.0.zip');
    const flat = { tag: 'v5.0.0', isDraft: false };
    for (const fields of [{ tag: 'v6' }, { isDraft: true }]) {
      await expect(writes.edit(flat, fields, ANNA)).rejects.toMatchObject({
        type: { code: 'invalid_parameter' },
      });
    }
  });

  it('removes the packages of a release wherever they lie', async () => {
    await add('tool-v1.0.0.zip');
    await add('v1.0.0/a.zip');
    await add('tool-v2.0.0.zip');
    await writes.edit(PUBLIC, { notes: 'x' }, ANNA);
    said = [];

    await writes.remove(PUBLIC, ANNA);

    expect([await names(), await records()]).toEqual([['tool-v2.0.0.zip'], []]);
    expect(said).toEqual([
      'package.deleted v1.0.0/a.zip',
      'package.deleted tool-v1.0.0.zip',
      'release.deleted v1.0.0',
    ]);
    await expect(writes.remove(PUBLIC, ANNA)).rejects.toMatchObject({ code: 'release_not_found' });
  });

  it('asks for the permission of every package that a removal takes, whenever it came', async () => {
    const asked: string[] = [];
    await start(
      {},
      {
        may: async (_principal, { scope, file = '', release }) => {
          if (asked.length === 0) await add('v1.0.0/late.zip');
          if (asked.push(`${scope} ${release} ${file}`) === 2) await add('v1.0.0/later.zip');
          return file !== 'forbidden.zip';
        },
      },
    );
    await add('tool-v1.0.0.zip');
    await writes.remove(PUBLIC, ANNA);
    // Mutant: asks for those of the first look only.
    expect(asked.toSorted()).toEqual([
      'delete v1.0.0 ',
      'delete v1.0.0 late.zip',
      'delete v1.0.0 later.zip',
      'delete v1.0.0 tool-v1.0.0.zip',
    ]);
    await add('v1.0.0/forbidden.zip');
    await expect(writes.remove(PUBLIC, ANNA)).rejects.toMatchObject({ code: 'insufficient_scope' });
    expect(await names()).toEqual(['v1.0.0/forbidden.zip']);
  });

  it('touches no draft in the name of public packages of its version', async () => {
    await writes.create('v1.0.0', { isDraft: true }, ANNA);
    await add('v1.0.0/a.zip');
    await add('tool-v1.0.0.zip');
    for (const attempt of [writes.edit(PUBLIC, { title: 'x' }, ANNA), writes.remove(PUBLIC, ANNA)]) {
      await expect(attempt).rejects.toMatchObject({ code: 'release_exists' });
    }
    await writes.remove(DRAFT, ANNA);
    expect(await names()).toEqual(['tool-v1.0.0.zip']);
    expect(said.slice(1)).toEqual(['package.discarded v1.0.0/a.zip', 'release.deleted v1.0.0']);
  });

  it('renames and labels an asset, and forgets labels of what is gone', async () => {
    await writes.create('v1.0.0', {}, ANNA);
    const stored = await add('v1.0.0/a.zip');
    await add('v1.0.0/c.zip');
    await writes.label(stored, 'The tool', ANNA);
    await expect(writes.rename(stored, 'c.zip', ANNA)).rejects.toMatchObject({ code: 'package_exists' });
    const renamed = await writes.rename(stored, 'b.zip', ANNA);
    expect([renamed.name, (await records())[0]?.labels]).toEqual(['v1.0.0/b.zip', { 'b.zip': 'The tool' }]);
    await store.remove('v1.0.0/b.zip');
    await writes.edit(PUBLIC, { title: 'x' }, ANNA);
    expect((await records())[0]?.labels).toBeUndefined();

    const flat = await add('tool-v1.0.0.zip');
    await writes.label(flat, 'Flat', ANNA);
    expect((await records())[0]?.labels).toEqual({ 'tool-v1.0.0.zip': 'Flat' });
    await writes.label(flat, '', ANNA);
    expect((await records())[0]?.labels).toBeUndefined();
    await expect(writes.rename(flat, 'x.zip', ANNA)).rejects.toMatchObject({
      type: { code: 'invalid_parameter' },
    });
  });

  it('keeps what is published at its address where nothing may be deleted, and lets drafts go', async () => {
    await start({ allow_delete: false });
    await writes.create('v1.0.0', { isDraft: true }, ANNA);
    await writes.rename(await add('v1.0.0/a.zip'), 'b.zip', ANNA);
    await writes.edit(DRAFT, { isDraft: false }, ANNA);
    const [stored] = await store.list();
    for (const attempt of [
      writes.remove(PUBLIC, ANNA),
      writes.edit(PUBLIC, { isDraft: true }, ANNA),
      writes.edit(PUBLIC, { tag: 'v2' }, ANNA),
      stored && writes.rename(stored, 'c.zip', ANNA),
    ]) {
      await expect(attempt).rejects.toMatchObject({ type: { code: 'delete_disabled' } });
    }
    await writes.edit(PUBLIC, { notes: 'still' }, ANNA);
    await writes.create('v2', { isDraft: true }, ANNA);
    await writes.remove({ tag: 'v2', isDraft: true }, ANNA);
    expect((await records()).map(({ tag, notes }) => [tag, notes])).toEqual([['v1.0.0', 'still']]);
  });

  it('renames nothing of a draft that is published meanwhile, where nothing may be deleted', async () => {
    await start({ allow_delete: false });
    await writes.create('v1.0.0', { isDraft: true }, ANNA);
    const stored = await add('v1.0.0/a.zip');
    const rename = store.rename.bind(store);
    // Published between the first look at it and the step.
    store.rename = async (...args) => {
      await writes.edit(DRAFT, { isDraft: false }, ANNA);
      return rename(...args);
    };
    await expect(writes.rename(stored, 'b.zip', ANNA)).rejects.toMatchObject({
      type: { code: 'delete_disabled' },
    });
    expect((await store.list()).map(({ name }) => name)).toEqual(['v1.0.0/a.zip']);
  });

  describe('asks of a principal', () => {
    /** Somebody with these scopes, for packages and releases that fit. */
    const ci = (scopes: Scope[], narrowed: Partial<Grant> = {}): Requester => ({
      principal: { name: 'ci', grant: { scopes, ...narrowed } },
    });
    const lacking = (scope: Scope) => ({ code: 'insufficient_scope', access: { scope } });

    it('`publish` to make a release, and to edit and publish a draft with each of its packages', async () => {
      const publisher = ci(['publish'], { packages: ['a*'], releases: ['v1.*'] });
      await expect(writes.create('v2', {}, publisher)).rejects.toMatchObject(lacking('publish'));
      await expect(writes.create('v1.0.0', {}, ci(['overwrite', 'delete']))).rejects.toMatchObject(
        lacking('publish'),
      );
      await writes.create('v1.0.0', { isDraft: true }, publisher);
      await writes.edit(DRAFT, { title: 'T' }, publisher);
      await add('v1.0.0/a.zip');
      await add('v1.0.0/b.zip');
      for (const fields of [{ isDraft: false }, { tag: 'v1.1' }]) {
        await expect(writes.edit(DRAFT, fields, publisher)).rejects.toMatchObject({
          code: 'insufficient_scope',
          access: { scope: 'publish', file: 'b.zip', release: 'v1.0.0' },
        });
      }
      await store.remove('v1.0.0/b.zip');
      await expect(writes.edit(DRAFT, { tag: 'v2' }, publisher)).rejects.toMatchObject(lacking('publish'));
      await writes.edit(DRAFT, { tag: 'v1.1' }, publisher);
      await writes.edit({ tag: 'v1.1', isDraft: true }, { isDraft: false }, publisher);
      expect(await names()).toEqual(['v1.1/a.zip']);
    });

    it('`overwrite` to edit what is public, and `delete` for what takes it from its address', async () => {
      await writes.create('v1.0.0', {}, ANNA);
      const stored = await add('v1.0.0/a.zip');
      const others = ci(['read', 'publish', 'delete', 'admin']);
      for (const attempt of [
        writes.edit(PUBLIC, { notes: 'x' }, others),
        writes.edit(DRAFT, { notes: 'x' }, others),
        writes.label(stored, 'Tool', others),
      ]) {
        await expect(attempt).rejects.toMatchObject(lacking('overwrite'));
      }
      await writes.edit(PUBLIC, { notes: 'x' }, ci(['overwrite']));
      await writes.label(stored, 'Tool', ci(['overwrite']));

      const rest = ci(['read', 'publish', 'overwrite', 'admin']);
      for (const attempt of [
        writes.edit(PUBLIC, { isDraft: true }, rest),
        writes.edit(PUBLIC, { tag: 'v2' }, rest),
        writes.edit(PUBLIC, { tag: 'v2' }, ci(['delete', 'publish'], { packages: ['b*'] })),
        writes.rename(stored, 'b.zip', rest),
        writes.remove(PUBLIC, rest),
      ]) {
        await expect(attempt).rejects.toMatchObject(lacking('delete'));
      }
      const noMore = ci(['delete']);
      await expect(writes.edit(PUBLIC, { tag: 'v2' }, noMore)).rejects.toMatchObject(lacking('publish'));
      await expect(writes.rename(stored, 'b.zip', noMore)).rejects.toMatchObject(lacking('publish'));
      await writes.edit(PUBLIC, { isDraft: true }, noMore);
      expect(await names()).toEqual([]);
    });

    // Mutant: what an edit takes is decided before the step of the store.
    it('what it takes by then, where a package comes or the draft is published meanwhile', async () => {
      const publisher = ci(['publish'], { packages: ['a*'] });
      await writes.create('v1.0.0', { isDraft: true }, ANNA);
      const save = store.saveRelease.bind(store);
      store.saveRelease = async (...parameters) => {
        store.saveRelease = save;
        await add('v1.0.0/late.zip');
        return save(...parameters);
      };
      await expect(writes.edit(DRAFT, { isDraft: false }, publisher)).rejects.toMatchObject({
        access: { scope: 'publish', file: 'late.zip', release: 'v1.0.0' },
      });
      store.saveRelease = async (...parameters) => {
        store.saveRelease = save;
        await writes.edit(DRAFT, { isDraft: false }, ANNA);
        return save(...parameters);
      };
      await expect(writes.edit(DRAFT, { title: 'x' }, publisher)).rejects.toMatchObject(lacking('overwrite'));
    });
  });

  it('asks for the permission before it looks', async () => {
    await start({}, { may: async () => false });
    for (const attempt of [
      writes.create('v1.0.0', {}, ANNA),
      writes.edit(PUBLIC, {}, ANNA),
      writes.remove(PUBLIC, ANNA),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'insufficient_scope' });
    }
    await expect(writes.create('v1', {}, {})).rejects.toMatchObject({ code: 'unauthorized' });
    await start({ read_only: true });
    await expect(writes.create('v1', {}, ANNA)).rejects.toMatchObject({ code: 'read_only' });
  });

  it.each([
    ['title', { title: 'é'.repeat(MAX_TEXT_BYTES / 2 + 1) }],
    ['target', { target: 'x'.repeat(MAX_TEXT_BYTES + 1) }],
    ['notes', { notes: 'x'.repeat(MAX_NOTES + 1) }],
    ['notes', { notes: '\ud800' }],
    ['title', { title: '\udc00' }],
  ])('bounds a %s', async (parameter, fields) => {
    const refusal = { type: { code: 'invalid_parameter' }, extras: { members: { parameter } } };
    await expect(writes.create('v1', fields, ANNA)).rejects.toMatchObject(refusal);
    await writes.create('v1', { notes: '\0'.repeat(MAX_NOTES), title: 'x'.repeat(MAX_TEXT_BYTES) }, ANNA);
  });

  it('bounds what is said of all assets together', async () => {
    await writes.create('v1', { notes: '\0'.repeat(MAX_NOTES) }, ANNA);
    const label = '\0'.repeat(MAX_TEXT_BYTES);
    const count = Math.ceil((1024 * 1024 - 6 * MAX_NOTES) / (6 * MAX_TEXT_BYTES));
    const stored = await Promise.all(Array.from({ length: count }, (_, at) => add(`v1/${at}.zip`)));
    const last = stored.pop();
    for (const one of stored) await writes.label(one, label, ANNA);
    await expect(last && writes.label(last, label, ANNA)).rejects.toMatchObject({
      extras: { members: { parameter: 'label' } },
    });
  });

  it.each(['..', 'a/../b', 'a b', '', 'x'.repeat(201), 'a\0b', '-x'])('takes no tag like %j', async (tag) => {
    await expect(writes.create(tag, {}, ANNA)).rejects.toMatchObject({ code: 'invalid_release_tag' });
    await writes.create('v1', {}, ANNA);
    const renamed = writes.edit({ tag: 'v1', isDraft: false }, { tag }, ANNA);
    await expect(renamed).rejects.toMatchObject({ code: 'invalid_release_tag' });
  });
});

function inWords(event: PackageEvent | ReleaseEvent): string {
  return `${event.type} ${'tag' in event ? event.tag : event.package.name}`;
}
