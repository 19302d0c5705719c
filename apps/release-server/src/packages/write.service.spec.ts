import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { Logger, type LoggerService } from '@nestjs/common';

import { Permissions, type Scope, type TokenVerifier } from '#auth';
import { RetentionService } from '#retention';
import { FilesystemPackageStore, type Package, type PackageStore } from '#storage';

import { MaxPackagesPolicy } from '../../../../libs/retention/src/max-packages.policy.js';
import { serverConfigSchema } from '../config/config.schema.js';
import { Config } from '../config/config.js';
import { AuditListener } from '../events/audit.listener.js';
import type { PackageEvent, ReleaseEvent, Requester } from '../events/package-event.js';
import { PackageEvents } from '../events/package-events.js';
import { ImmutableRule } from './immutable-rule.js';
import { OverwriteRule } from './overwrite-rule.js';
import { WriteService } from './write.service.js';

const ANNA: Requester = {
  principal: { name: 'anna' },
  id: 'id-1',
  client: { address: '192.0.2.1', user_agent: 'curl' },
};

describe('WriteService', () => {
  let path: string;
  let lines: Record<string, unknown>[];
  let said: (PackageEvent | ReleaseEvent)[];
  let store: PackageStore | undefined;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'writes-'));
    lines = [];
    said = [];
    const log = (fields: unknown): void => {
      if (typeof fields === 'object') lines.push(fields as Record<string, unknown>);
    };
    const ignore = (): void => undefined;
    Logger.overrideLogger({ log, warn: ignore, error: log } satisfies LoggerService);
  });

  afterEach(async () => {
    Logger.overrideLogger(false);
    await store?.close();
    await rm(path, { recursive: true, force: true });
  });

  /** Makes the release v1 a draft, or public. */
  async function save(isDraft: boolean): Promise<void> {
    const record = { tag: 'v1', isDraft, createdAt: 1, updatedAt: 1 };
    await store?.saveRelease('v1', () => record, { evict: () => [] });
  }

  /** Has something happen between a write's first look at the store and its step there. */
  function between(step: 'publish' | 'remove', happens: () => Promise<unknown>): void {
    const one = store;
    if (one === undefined) throw new Error('nothing is started');
    const [publishing, removing] = [one.publish.bind(one), one.remove.bind(one)];
    if (step === 'publish') {
      one.publish = async (...args) => happens().then(() => publishing(...args));
    } else {
      one.remove = async (...args) => happens().then(() => removing(...args));
    }
  }

  /** Starts on the directory, in the place of what was started on it before. */
  async function start(
    options: Record<string, unknown> = {},
    verifier: Partial<TokenVerifier> = {},
  ): Promise<WriteService> {
    await store?.close();
    const config = new Config(serverConfigSchema.parse({ auth_token: 'x', ...options }));
    const { max_packages: maxPackages, read_only: readOnly } = config;
    store = await FilesystemPackageStore.open({ path, minFreeSpace: 0, readOnly });
    const events = new PackageEvents();
    events.subscribe((event) => void said.push(event));
    new AuditListener(events).onModuleInit();
    const retaining = { maxPackages, readOnly };
    const auth = { readOnly } as ConstructorParameters<typeof Permissions>[1];
    const writes = new WriteService(
      store,
      new RetentionService(new MaxPackagesPolicy(retaining), retaining),
      new Permissions(verifier as TokenVerifier, auth),
      new OverwriteRule(store, config),
      new ImmutableRule(store, config),
      events,
      config,
    );
    await writes.onApplicationBootstrap();
    return writes;
  }

  async function publish(
    writes: WriteService,
    name: string,
    content = name,
    requester: Requester = ANNA,
  ): Promise<Package> {
    const incoming = { stream: Readable.from([Buffer.from(content)]) };
    return (await writes.publish(incoming, name, { condition: 'any' }, requester)).package;
  }

  const names = async (): Promise<string[]> => ((await store?.list()) ?? []).map(({ name }) => name);

  it('says each change as one event, with who made it and in which request', async () => {
    const writes = await start({ max_packages: 2 });
    const before = Date.now();
    const a = await publish(writes, 'a', 'first');
    const b = await publish(writes, 'b');
    const again = await publish(writes, 'a', 'second');
    const c = await publish(writes, 'c');
    await writes.remove('c', 'present', ANNA);

    const { principal: actor, id, client } = ANNA;
    const origin = { actor, request: { id, client }, at: expect.any(Number) as number };
    expect(said).toEqual([
      { type: 'package.published', package: a, ...origin },
      { type: 'package.published', package: b, ...origin },
      { type: 'package.overwritten', package: again, previous: a, ...origin },
      {
        type: 'package.evicted',
        package: b,
        reason: 'made room for c',
        incoming: c,
        limits: { max_packages: 2 },
        ...origin,
      },
      { type: 'package.published', package: c, ...origin },
      { type: 'package.deleted', package: c, ...origin },
    ]);
    const times = said.map(({ at }) => at);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(before);
  });

  it('says nothing of what is refused', async () => {
    const writes = await start({ allow_overwrite: false, allow_delete: false });
    await publish(writes, 'a');

    await expect(publish(writes, 'a')).rejects.toMatchObject({ type: { code: 'overwrite_disabled' } });
    await expect(publish(writes, 'b', '')).rejects.toMatchObject({ code: 'package_empty' });
    await expect(writes.remove('a', 'present', ANNA)).rejects.toMatchObject({
      type: { code: 'delete_disabled' },
    });
    const open = await start();
    await expect(open.remove('b', 'present', ANNA)).rejects.toMatchObject({ code: 'package_not_found' });

    expect(said).toHaveLength(1);
  });

  it('writes a line for each change: what, by whom, and why it left', async () => {
    const writes = await start({ max_packages: 2 });
    const [a, b, c] = [await publish(writes, 'a'), await publish(writes, 'b'), await publish(writes, 'c')];
    await publish(writes, 'c', 'other', { principal: { name: 'mirror\u001b[2J' } });
    await writes.remove('c', 'present', ANNA);
    await start({ max_packages: 1 });
    await start({ max_packages: 1 });

    const by = { actor: 'anna', request_id: 'id-1', remote_address: '192.0.2.1', user_agent: 'curl' };
    const line = ({ name, size, sha256: digest }: Package) => ({ name, size, digest });
    expect(lines).toEqual([
      { event: 'package.published', ...line(a), ...by },
      { event: 'package.published', ...line(b), ...by },
      { event: 'package.evicted', ...line(a), ...by, reason: 'made room for c', max_packages: 2 },
      { event: 'package.published', ...line(c), ...by },
      expect.objectContaining({ event: 'package.overwritten', actor: 'mirror\\u{1b}[2J', size: 5 }),
      expect.objectContaining({ event: 'package.deleted', ...by, size: 5 }),
    ]);
  });

  it('puts nothing into a release that stops to be a draft while the bytes come', async () => {
    const writes = await start();
    await save(true);
    const options = { condition: 'any', release: 'v1', onlyDraft: true } as const;
    const stream = Readable.from([Buffer.from('bytes')]);
    await writes.publish({ stream }, 'early', options, ANNA);
    const slow = Readable.from(
      (async function* () {
        await save(false);
        yield Buffer.from('bytes');
      })(),
    );

    await expect(writes.publish({ stream: slow }, 'late', options, ANNA)).rejects.toMatchObject({
      code: 'release_not_found',
    });
    expect(await names()).toEqual(['v1/early']);
    expect(said.map(({ type }) => type)).toEqual(['package.drafted']);
  });

  it('leaves packages alone of a draft that is published meanwhile, where nothing may be deleted or replaced', async () => {
    const writes = await start({ allow_overwrite: false, allow_delete: false });
    const stream = (text: string): Readable => Readable.from([Buffer.from(text)]);
    const options = { condition: 'any', release: 'v1' } as const;
    await save(true);
    await writes.publish({ stream: stream('bytes') }, 'a', options, ANNA);
    between('remove', () => save(false));
    await expect(writes.remove('v1/a', 'present', ANNA)).rejects.toMatchObject({
      type: { code: 'delete_disabled' },
    });

    await save(true);
    between('publish', () => save(false));
    await expect(writes.publish({ stream: stream('longer') }, 'a', options, ANNA)).rejects.toMatchObject({
      type: { code: 'overwrite_disabled' },
    });
    expect(await store?.list()).toMatchObject([{ name: 'v1/a', size: 'bytes'.length }]);
    expect(said.map(({ type }) => type)).toEqual(['package.drafted']);
  });

  it('says of what was removed whether it was public by then', async () => {
    const writes = await start();
    await save(true);
    const stream = Readable.from([Buffer.from('bytes')]);
    await writes.publish({ stream }, 'a', { condition: 'any', release: 'v1' }, ANNA);
    between('remove', () => save(false));
    await writes.remove('v1/a', 'present', ANNA);
    expect(said.map(({ type }) => type)).toEqual(['package.drafted', 'package.deleted']);
  });

  it('adds nothing to a release that is published while the bytes come, where it is immutable', async () => {
    const writes = await start({ immutable: true });
    const slow = Readable.from(
      (async function* () {
        const record = { tag: 'v1.0', isDraft: false, createdAt: 1, updatedAt: 1 };
        await store?.saveRelease('v1.0', () => record, { evict: () => [] });
        yield Buffer.from('bytes');
      })(),
    );
    const refusal = { code: 'release_immutable' };

    const late = writes.publish({ stream: slow }, 'late', { condition: 'any', release: 'v1.0' }, ANNA);

    await expect(late).rejects.toMatchObject(refusal);
    await expect(publish(writes, 'tool-v1.0.zip')).rejects.toMatchObject(refusal);
    expect(await names()).toEqual([]);
    expect(await readdir(join(path, '.release-server', 'incoming'))).toEqual([]);
    expect(said).toEqual([]);
  });

  describe('at a start', () => {
    it('applies a limit that was lowered, and says so', async () => {
      const before = await start({ max_packages: null });
      const [a] = [await publish(before, 'a'), await publish(before, 'b'), await publish(before, 'c')];
      said = [];
      lines = [];

      await start({ max_packages: 2 });

      expect(await names()).toEqual(['c', 'b']);
      const reason = 'over the limit at the start';
      expect(said).toMatchObject([{ package: a, reason, incoming: undefined, actor: { name: 'retention' } }]);
      const line = { name: 'a', digest: a.sha256, size: 1, reason, max_packages: 2 };
      expect(lines).toEqual([{ event: 'package.evicted', actor: 'retention', ...line }]);
    });

    it('changes nothing within the limit', async () => {
      const before = await start({ max_packages: 3 });
      for (const name of ['a', 'b', 'c']) await publish(before, name);
      said = [];

      await start({ max_packages: 3 });

      expect(await names()).toEqual(['c', 'b', 'a']);
      expect(said).toEqual([]);
    });

    it('applies nothing when it is read-only, and starts nevertheless', async () => {
      const before = await start({ max_packages: null });
      for (const name of ['a', 'b', 'c']) await publish(before, name);

      await start({ max_packages: 1, read_only: true });

      expect(await names()).toEqual(['c', 'b', 'a']);
    });

    // Caught: 60 of 260 photos are gone after the first start.
    it('removes nothing from a directory that was used for something else, and tells what to do', async () => {
      for (let at = 0; at < 260; at++) await writeFile(join(path, `photo-${at}.jpg`), 'x');

      await expect(start({ max_packages: 200 })).rejects.toMatchObject({
        code: 'foreign_packages',
        message: expect.stringMatching(
          /260 files.*remove 60.*Change max_packages \(now 200\) so that/,
        ) as string,
      });

      expect(await readdir(path)).toHaveLength(260);
      await start({ max_packages: 260 });
      expect(await names()).toHaveLength(260);
    });
  });

  describe('asks whether its principal may', () => {
    it('and does what the verifier allows', async () => {
      const asked: unknown[] = [];
      const may: TokenVerifier['may'] = async (principal, access) => {
        asked.push([principal, access]);
        return access.scope === 'publish' && access.file?.startsWith('anna-') === true;
      };
      const writes = await start({}, { may });
      await publish(writes, 'anna-1.0');

      const lacking = { code: 'insufficient_scope' };
      await expect(publish(writes, 'ben-1')).rejects.toMatchObject(lacking);
      await expect(writes.remove('anna-1.0', 'present', ANNA)).rejects.toMatchObject(lacking);
      await expect(publish(writes, '..')).rejects.toMatchObject({ code: 'invalid_package_name' });
      await expect(writes.remove('..', 'present', ANNA)).rejects.toMatchObject({ code: 'package_not_found' });

      expect(await names()).toEqual(['anna-1.0']);
      const anna = { name: 'anna' };
      expect(new Set(asked.map((one) => JSON.stringify(one)))).toEqual(
        new Set([
          JSON.stringify([anna, { scope: 'publish', file: 'anna-1.0', release: '1.0' }]),
          JSON.stringify([anna, { scope: 'overwrite', file: 'anna-1.0', release: '1.0' }]),
          JSON.stringify([anna, { scope: 'publish', file: 'ben-1' }]),
          JSON.stringify([anna, { scope: 'overwrite', file: 'ben-1' }]),
          JSON.stringify([anna, { scope: 'delete', file: 'anna-1.0', release: '1.0' }]),
        ]),
      );
    });

    describe.each<[Scope[], Record<string, string>]>([
      [['publish'], { new: 'publishes', 'new if absent': 'publishes', 'taken if absent': 'package_exists' }],
      [
        ['overwrite'],
        { taken: 'publishes', 'taken if present': 'publishes', 'new if present': 'precondition_failed' },
      ],
      [
        ['publish', 'overwrite'],
        {
          new: 'publishes',
          taken: 'publishes',
          'new if absent': 'publishes',
          'taken if present': 'publishes',
          'taken if absent': 'package_exists',
          'new if present': 'precondition_failed',
        },
      ],
      [['read', 'delete', 'admin'], {}],
    ])('with the scopes %j', (scopes, outcomes) => {
      const requester = { principal: { name: 'ci', grant: { scopes } } };

      it.each(['', 'v1.0/'])('and publishes what it may under %jNAME', async (folder) => {
        const writes = await start();
        for (const [file, condition, words] of [
          ['new', 'any', 'new'],
          ['taken', 'any', 'taken'],
          ['new', 'absent', 'new if absent'],
          ['taken', 'absent', 'taken if absent'],
          ['new', 'present', 'new if present'],
          ['taken', 'present', 'taken if present'],
        ] as const) {
          for (const name of await names()) await store?.remove(name);
          const release = folder === '' ? undefined : 'v1.0';
          const body = () => ({ stream: Readable.from([Buffer.from('x')]) });
          await writes.publish(body(), 'taken', { condition: 'any', release }, ANNA);
          const outcome = await writes
            .publish(body(), file, { condition, release }, requester)
            .then(() => 'publishes')
            .catch(({ code }: { code: string }) => code);
          expect([words, outcome]).toEqual([words, outcomes[words] ?? 'insufficient_scope']);
        }
        expect(await readdir(join(path, '.release-server', 'incoming'))).toEqual([]);
      });
    });

    // Mutant: what is there is looked up before the bytes come, and never again.
    it.each([
      ['publish', 'overwrite', 'present'],
      ['overwrite', 'publish', 'absent'],
    ] as const)('and decides it when the bytes are there: %s, and not %s', async (own, lacking, then) => {
      const writes = await start();
      if (then === 'absent') await publish(writes, 'a');
      const slow = Readable.from(
        (async function* () {
          if (then === 'absent') await store?.remove('a');
          else await publish(writes, 'a');
          yield Buffer.from('late');
        })(),
      );
      const ci: Requester = { principal: { name: 'ci', grant: { scopes: [own] } } };
      await expect(writes.publish({ stream: slow }, 'a', { condition: 'any' }, ci)).rejects.toMatchObject({
        code: 'insufficient_scope',
        message: `This token does not have the scope ${lacking} for a.`,
      });
      expect((await store?.list())?.map(({ size }) => size)).toEqual(then === 'absent' ? [] : [1]);
    });

    it('but nobody may without one, and on a read-only server nobody at all', async () => {
      const writes = await start();
      await publish(writes, 'a');
      await expect(publish(writes, 'b', 'b', {})).rejects.toMatchObject({ code: 'unauthorized' });
      await expect(writes.remove('a', 'present', {})).rejects.toMatchObject({ code: 'unauthorized' });

      const readOnly = await start({ read_only: true });
      await expect(publish(readOnly, 'b')).rejects.toMatchObject({ code: 'read_only' });
      await expect(readOnly.remove('a', 'present', ANNA)).rejects.toMatchObject({ code: 'read_only' });
      expect(await names()).toEqual(['a']);
    });
  });
});
