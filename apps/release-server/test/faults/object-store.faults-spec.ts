import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { contentOf, get, json, names, put, sha256 } from '../support/client.js';
import { blobNames, keysBelow, putObjects, removeObjects, textOf } from '../support/object-store.js';
import { runToExit, type LogLine, type ServerProcess } from '../support/process.js';
import { AUTH, TOKEN } from '../support/server.js';
import { prefixOf } from '../support/storage.js';
import type { StoreRequest } from '../support/store-proxy.js';
import { until } from '../support/until.js';
import { objectStore, wayOf, type Way } from './support/behind-proxy.js';
import { row } from './support/row.js';

const CLOCK = resolve('apps/release-server/test/faults/support/clock.mjs');
/** Milliseconds after which a blob that no package has is an orphan, and some more. */
const LATER = 25 * 60 * 60 * 1000;
const OVERWRITE = { query: '?overwrite=true' };

const is =
  (kind: string) =>
  (request: StoreRequest): boolean =>
    request.kind === kind;

/** What a server serves under a name, or the status. */
/** Keeps a write of the index from the store until it is let go. */
function hold({ proxy }: Way): { isHeld: () => Promise<void>; letGo: () => void } {
  const { promise, resolve: letGo } = Promise.withResolvers<void>();
  const rule = proxy.treat(is('PUT index'), { after: () => promise }, 1);
  return { isHeld: () => until(() => rule.met === 1), letGo };
}

/** The ways in which a store does not arbitrate: what it is sent in vain, and what the server says of it. */
const IGNORANT = [
  { name: 'If-None-Match', without: ['if-none-match'], says: '16 of 16 writes with If-None-Match: *' },
  { name: 'If-Match', without: ['if-match'], says: '16 of 16 writes with one If-Match' },
  {
    name: 'checksums',
    without: ['x-amz-checksum-sha256', 'x-amz-sdk-checksum-algorithm'],
    says: 'a write with a wrong checksum',
  },
];

row(
  'O1',
  'a store that ignores If-None-Match, If-Match or checksums is refused at start',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const { proxy, environment, start } = await wayOf(own);
    const everything = { AUTH_TOKEN: TOKEN, PORT: '0', HOST: '127.0.0.1', ...environment };
    for (let round = 0; round < own.rounds; round++) {
      for (const { name, without, says } of IGNORANT) {
        const rule = proxy.treat(({ method }) => method === 'PUT', { without });
        const { code, output } = await runToExit('', everything);
        rule.remove();
        const taken = `a store that ignores ${name}`;
        expect(`${taken} is ${code === 1 ? 'refused' : 'taken'}`).toBe(`${taken} is refused`);
        const lines = output.trim().split('\n');
        expect(lines).toHaveLength(1);
        const { message } = JSON.parse(lines[0] ?? '') as LogLine;
        expect(message).toContain(`does not arbitrate conditional writes (${says} succeeded)`);
      }
      // A probe that is cut off by its own refusal may leave objects; of packages there are none.
      expect((await keysBelow(prefixOf(own.directory))).filter((key) => !key.includes('/probe/'))).toEqual(
        [],
      );
    }
    const server = await start();
    expect((await put(server, 'a.zip', 'one')).status).toBe(201);
  },
);

row(
  'O2',
  'others are faster at the index: a create is refused with 409, an overwrite is made nevertheless',
  { rounds: { usual: 5, long: 200, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const [one, two] = [await wayOf(own), await wayOf(own)];
    const unlimited = { MAX_PACKAGES: 'null' };
    const [slow, fast] = [await one.start(unlimited), await two.start(unlimited)];
    for (let round = 0; round < own.rounds; round++) {
      const name = `n-${round}.zip`;
      const create = hold(one);
      const late = put(slow, name, 'late');
      await create.isHeld();
      expect((await put(fast, name, 'early')).status).toBe(201);
      create.letGo();
      const answer = await late;
      expect(`the second create: ${answer.status}`).toBe('the second create: 409');
      expect(await json(answer)).toMatchObject({ digest: `sha256:${sha256('early')}` });
      expect([await contentOf(slow, name), await contentOf(fast, name)]).toEqual(['early', 'early']);
      const blobs = await blobNames(prefixOf(own.directory));
      expect(blobs.filter((blob) => blob === name)).toHaveLength(1);

      const overwrite = hold(one);
      const again = put(slow, name, 'again', OVERWRITE);
      await overwrite.isHeld();
      expect((await put(fast, `other-${name}`, 'other')).status).toBe(201);
      one.proxy.treat(is('PUT index'), { answer: 409 }, 2);
      overwrite.letGo();
      expect(`the overwrite: ${(await again).status}`).toBe('the overwrite: 200');
      expect([await contentOf(slow, name), await contentOf(slow, `other-${name}`)]).toEqual([
        'again',
        'other',
      ]);
      // What is known of a name is trusted for a second.
      await until(async () => (await contentOf(fast, name)) === 'again');
    }
    const all = (await names(fast)).toSorted();
    expect(all).toHaveLength(2 * own.rounds);
    expect((await names(slow)).toSorted()).toEqual(all);
  },
);

row(
  'O3',
  'a store that answers 503: twice, the package is stored once; for ever, 503 in time and nothing half',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const { proxy, start } = await wayOf(own);
    const server = await start();
    for (let round = 0; round < own.rounds; round++) {
      for (const kind of ['PUT blob', 'PUT index', 'GET index']) {
        const name = `${kind.replace(' ', '-')}-${round}.zip`;
        const rule = proxy.treat(is(kind), { answer: 503 }, 2);
        const { status } = await put(server, name, 'content');
        expect(`${kind} failed twice: ${status}`).toBe(`${kind} failed twice: 201`);
        await until(async () => (await names(server)).includes(name));
        expect(await contentOf(server, name)).toBe('content');
        expect((await blobNames(prefixOf(own.directory))).filter((blob) => blob === name)).toHaveLength(1);
        // Whatever asks for the index uses up what is left.
        await until(async () => (await get(server, '/packages')).ok && rule.met === 2);
      }
      for (const kind of ['PUT blob', 'PUT index']) {
        const before = await names(server);
        const rule = proxy.treat(is(kind), { answer: 503 });
        const refused = await put(server, 'never.zip', 'half');
        rule.remove();
        expect(`${kind} fails for ever: ${refused.status}`).toBe(`${kind} fails for ever: 503`);
        expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
        expect(await json(refused)).toMatchObject({ code: 'storage_unavailable' });
        expect([await contentOf(server, 'never.zip'), await names(server)]).toEqual(['404', before]);
        expect((await put(server, 'never.zip', 'whole')).status).toBe(201);
        expect(await contentOf(server, 'never.zip')).toBe('whole');
        expect(
          (await fetch(`${server.url}/assets/never.zip`, { method: 'DELETE', headers: AUTH })).status,
        ).toBe(204);
      }
    }
  },
);

row(
  'O4',
  'the reply of the store is lost after it has written: a success, and exactly one package',
  { rounds: { usual: 5, long: 200, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const { proxy, start } = await wayOf(own);
    const server = await start({ MAX_PACKAGES: '3' });
    for (let round = 0; round < own.rounds; round++) {
      const lose = (kind: string, times: number): void => void proxy.treat(is(kind), 'lose reply', times);
      for (const [kind, times] of [
        ['PUT index', 1],
        ['PUT blob', 1],
        ['PUT blob', 3],
      ] as const) {
        const name = `${kind.replace(' ', '-')}-${times}-${round}.zip`;
        const told = `a create whose ${kind} is answered to nobody`;
        lose(kind, times);
        const created = await put(server, name, 'one');
        expect(`${told}: ${created.status}`).toBe(`${told}: 201`);
        expect(await contentOf(server, name)).toBe('one');
        lose('PUT index', 1);
        const replaced = await put(server, name, 'two', OVERWRITE);
        expect([replaced.status, await contentOf(server, name)]).toEqual([200, 'two']);
        expect((await names(server)).filter((one) => one === name)).toEqual([name]);
        const blobs = await blobNames(prefixOf(own.directory));
        // The one that was replaced is kept for who reads it.
        expect(blobs.filter((blob) => blob === name)).toHaveLength(2);
      }
      lose('PUT index', 1);
      expect((await put(server, `evicting-${round}.zip`, 'x')).status).toBe(201);
      expect(await names(server)).toHaveLength(3);
      lose('PUT index', 1);
      const gone = await fetch(`${server.url}/assets/evicting-${round}.zip`, {
        method: 'DELETE',
        headers: AUTH,
      });
      expect(`a delete: ${gone.status}`).toBe('a delete: 204');
      expect(await contentOf(server, `evicting-${round}.zip`)).toBe('404');
    }
  },
);

row(
  'O5',
  'two replicas, retention of one against overwrites by the other, at a limit of 3: the newest stay',
  { rounds: { usual: 5, long: 200, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const [one, two] = [await wayOf(own), await wayOf(own)];
    const limit = { MAX_PACKAGES: '3' };
    const [left, right] = [await one.start(limit), await two.start(limit)];
    for (let round = 0; round < own.rounds; round++) {
      for (const name of ['a', 'b', 'c']) await put(left, `${name}-${round}`, name);
      const eviction = hold(one);
      const evicting = put(left, `d-${round}`, 'd');
      await eviction.isHeld();
      expect((await put(right, `a-${round}`, 'a again', OVERWRITE)).status).toBe(200);
      eviction.letGo();
      expect((await evicting).status).toBe(201);
      const newest = ['d', 'a', 'c'].map((name) => `${name}-${round}`);
      expect(`left are ${(await newestAt(left)).join()}`).toBe(`left are ${newest.join()}`);
      await until(async () => (await newestAt(right)).join() === newest.join());
      expect(await contentOf(right, `a-${round}`)).toBe('a again');
      await expectNewestOfMany(left, right);
    }
  },
);

async function newestAt(server: ServerProcess): Promise<string[]> {
  // Revalidates what the server last saw of the index.
  await get(server, '/assets/none');
  return names(server);
}

/** Publishes and overwrites through both at once, and finds those that were made last, and as many as the limit. */
async function expectNewestOfMany(left: ServerProcess, right: ServerProcess): Promise<void> {
  const servers = [left, right];
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, index) => {
      const server = servers[index % 2] ?? left;
      return put(server, `many-${index % 8}`, `content ${index}`, OVERWRITE);
    }),
  );
  const made = await Promise.all(
    answers.map((answer) => json<{ name: string; created_at: string; sha256: string }>(answer)),
  );
  expect(new Set(answers.map(({ ok }) => ok))).toEqual(new Set([true]));
  const last = made.toSorted((a, b) => Date.parse(b.created_at) - Date.parse(a.created_at));
  const newest = [...new Set(last.map(({ name }) => name))].slice(0, 3);
  for (const server of servers) expect(await newestAt(server)).toEqual(newest);
  for (const name of newest)
    expect(sha256(await contentOf(left, name))).toBe(last.find((one) => one.name === name)?.sha256);
}

const KEYS = 1001;

row(
  'O6',
  'more keys than a page of the store holds, of one time: lists are in order, and every orphan is found',
  { rounds: { usual: 1, long: 10, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const prefix = prefixOf(own.directory);
    const clock = join(own.directory, '.clock');
    const { proxy, start } = await wayOf(own);
    // What is signed with a wrong clock is signed anew, so that the store takes it.
    proxy.treat(() => true, { without: [] });
    const settings = {
      MAX_PACKAGES: 'null',
      S3_GRACE: '1s',
      NODE_OPTIONS: `--import=${CLOCK}`,
      CLOCK: clock,
    };
    const numbers = Array.from({ length: KEYS }, (_, index) => `p-${String(index).padStart(4, '0')}`);
    for (let round = 0; round < own.rounds; round++) {
      const at = Date.UTC(2025, 0, 1);
      const entry = (name: string) => ({
        key: `${prefix}packages/kept-${name}/${name}`,
        size: name.length,
        sha256: sha256(name),
        at,
      });
      const packages = Object.fromEntries(numbers.toReversed().map((name) => [name, entry(name)]));
      const index = { format: 1, seq: 1, last: at, packages, garbage: [] };
      const lost = numbers.map((name) => `${prefix}packages/lost-${name}/${name}`);
      await putObjects({
        ...Object.fromEntries(lost.map((key) => [key, 'lost'])),
        // Of the packages these are read.
        ...Object.fromEntries(['p-0000', 'p-1000'].map((name) => [entry(name).key, name])),
        [`${prefix}index.json`]: JSON.stringify(index),
      });

      await writeFile(clock, '0');
      const young = await start(settings);
      expect(`in order: ${(await names(young)).join()}`).toBe(`in order: ${numbers.join()}`);
      const pages = await Promise.all([1, 2, 3].map((page) => pageOf(young, page)));
      expect(pages.flat()).toEqual(numbers);
      const listed = proxy.counts()['GET list'] ?? 0;
      await until(() => (proxy.counts()['GET list'] ?? 0) > listed);
      await young.stop();
      expect(condemnedBy(young)).toEqual([]);

      await writeFile(clock, String(LATER));
      const old = await start(settings);
      await until(() => condemnedBy(old).length > 0);
      expect(condemnedBy(old)).toEqual([`${KEYS} blobs that no package has are going to be deleted`]);
      expect([await contentOf(old, 'p-0000'), await contentOf(old, 'p-1000')]).toEqual(['p-0000', 'p-1000']);
      await old.kill();
      const left = JSON.parse(await textOf(`${prefix}index.json`)) as typeof index & {
        garbage: { key: string }[];
      };
      expect(left.garbage.map(({ key }) => key)).toEqual(lost);
      expect(left.packages).toEqual(packages);
      await removeObjects(prefix);
    }
  },
);

async function pageOf(server: ServerProcess, page: number): Promise<string[]> {
  const response = await get(server, `/packages?format=json&per_page=400&page=${page}`);
  return (await json<{ name: string }[]>(response)).map(({ name }) => name);
}

/** What it said of orphans. */
function condemnedBy(server: ServerProcess): string[] {
  return server
    .lines()
    .map((line) => (JSON.parse(line) as LogLine).message)
    .filter((message) => message.includes('blobs that no package has'));
}
