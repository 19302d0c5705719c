import { setTimeout as delay } from 'node:timers/promises';

import { contentOf, get, put } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { keysBelow, removeObjects } from '../support/object-store.js';
import type { LogLine } from '../support/process.js';
import { AUTH } from '../support/server.js';
import { prefixOf } from '../support/storage.js';
import type { StoreRequest } from '../support/store-proxy.js';
import { until } from '../support/until.js';
import { objectStore, wayOf } from './support/behind-proxy.js';
import { row } from './support/row.js';

const OVERWRITE = { query: '?overwrite=true' };
/** Bytes that are kept in memory once they are read, and bytes that never are. */
const SMALL = 1000;
const LARGE = 300_000;
/** Milliseconds after which a server takes a write of the index for lost. */
const ANSWER = 10_000;

const is =
  (kind: string) =>
  (request: StoreRequest): boolean =>
    request.kind === kind;

row(
  'O12',
  'reads of the index whose answers take 4 and 8 s: what another replica did is seen after a second',
  { rounds: { usual: 1, long: 20, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const [one, two] = [await wayOf(own), await wayOf(own)];
    const [slow, fast] = [await one.start(), await two.start()];
    for (let round = 0; round < own.rounds; round++) {
      for (const seconds of [4, 8]) {
        const [changed, gone] = [`changed-${seconds}-${round}`, `gone-${seconds}-${round}`];
        for (const name of [changed, gone]) expect((await put(fast, name, 'old')).status).toBe(201);
        await until(async () => (await contentOf(slow, gone)) === 'old');
        await delay(1100);
        const rule = one.proxy.treat(is('GET index'), { late: () => delay(seconds * 1000) }, 1);
        const waiting = contentOf(slow, changed);
        await until(() => rule.met === 1);
        await delay(500);
        expect((await put(fast, changed, 'new', OVERWRITE)).status).toBe(200);
        const removed = await fetch(`${fast.url}/assets/${gone}`, { method: 'DELETE', headers: AUTH });
        expect(removed.status).toBe(204);
        await delay(1100);
        const seen = [await contentOf(slow, changed), await contentOf(slow, gone)];
        expect(`seen after a second: ${seen.join()}`).toBe('seen after a second: new,404');
        await waiting;
      }
    }
  },
);

row(
  'O13',
  'writes of the index that the store takes for lost and does later: no refused create is listed without bytes',
  {
    rounds: { usual: 1, long: 20, of: 'rounds' },
    needs: [objectStore],
    timeout: { usual: 240_000, long: 3_600_000 },
  },
  async (own) => {
    const [one, two] = [await wayOf(own), await wayOf(own)];
    const [left, right] = [await one.start(), await two.start()];
    for (let round = 0; round < own.rounds; round++) {
      const name = `n-${round}`;
      const blob = Promise.withResolvers<void>();
      const index = Promise.withResolvers<void>();
      // A create that is past its first look, and meets a delete that is about to make room for it.
      const upload = one.proxy.treat(is('PUT blob'), { after: () => blob.promise }, 1);
      const create = put(left, name, 'mine');
      await until(() => upload.met === 1);
      expect((await put(right, name, 'other')).status).toBe(201);
      await until(async () => (await contentOf(left, name)) === 'other');
      // The writes of the delete alone are lost; those with both are done when nobody waits for them any more.
      const lost = one.proxy.treat(
        is('PUT index'),
        { held: () => delay(600_000, undefined, { ref: false }) },
        2,
      );
      const held = one.proxy.treat(is('PUT index'), { held: () => index.promise });
      const removal = fetch(`${left.url}/assets/${name}`, { method: 'DELETE', headers: AUTH });
      await until(() => lost.met === 1);
      await delay(ANSWER);
      await until(() => lost.met === 2);
      blob.resolve();
      const answers = [(await removal).status, (await create).status];
      index.resolve();
      for (const rule of [lost, held]) rule.remove();
      await delay(3000);
      const served = [await contentOf(left, name), await contentOf(right, name)];
      expect(`answered ${answers.join()}, then served ${served.join()}`).toMatch(
        /^answered 503,503, then served (mine,mine|other,other)$/,
      );
      expect((await put(left, `after-${round}`, 'x')).status).toBe(201);
    }
  },
);

row(
  'O14',
  'a replica is cut off from the store: it answers for half a minute from memory and says how old that is, then 503',
  { rounds: { usual: 1, long: 10, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const { proxy, start } = await wayOf(own);
    const server = await start();
    for (const [name, size] of [
      ['small.bin', SMALL],
      ['large.bin', LARGE],
    ] as const) {
      expect((await put(server, name, 'x'.repeat(size))).status).toBe(201);
      expect(await contentOf(server, name)).toHaveLength(size);
    }
    const reads = ['/assets/small.bin', '/packages?format=json', '/latest'];
    const answers = async (): Promise<string[]> => {
      const all = [];
      for (const [method, path] of [
        ['HEAD', '/assets/large.bin'],
        ...reads.map((read) => ['GET', read] as const),
      ] as const) {
        const response = await fetch(`${server.url}${path}`, { method });
        await response.arrayBuffer();
        all.push(`${response.status}${response.headers.has('Age') ? ' with its age' : ''}`);
      }
      return all;
    };
    for (let round = 0; round < own.rounds; round++) {
      await until(async () => (await answers()).join() === '200,200,200,200');
      const rule = proxy.treat(() => true, 'drop');
      const began = performance.now();
      await delay(2000);
      expect(`at first ${(await answers()).join()}`).toBe(
        `at first ${Array(4).fill('200 with its age').join()}`,
      );
      const away = await get(server, '/assets/large.bin');
      expect([away.status, away.headers.get('Age'), away.headers.get('ETag')]).toEqual([503, null, null]);
      expect(await contentOf(server, 'unknown.bin')).toBe('503');
      expect((await get(server, '/readyz')).status).toBe(503);
      await delay(31_000 - (performance.now() - began));
      expect(`later ${(await answers()).join()}`).toBe('later 503,503,503,503');
      rule.remove();
      await until(async () => (await answers()).join() === '200,200,200,200');
    }
    const said = (await server.logged()).map((line) => (JSON.parse(line) as LogLine).message);
    const count = (text: string): number => said.filter((one) => one.startsWith(text)).length;
    expect([count('the object store does not answer'), count('the object store answers again')]).toEqual([
      own.rounds,
      own.rounds,
    ]);
  },
);

row(
  'O15',
  'answers of the store are cut, and blobs collected while they are verified: nothing fails for it',
  { rounds: { usual: 2, long: 50, of: 'rounds' }, needs: [objectStore] },
  async (own) => {
    const { proxy, environment, start } = await wayOf(own);
    const server = await start();
    for (let round = 0; round < own.rounds; round++) {
      for (const size of [SMALL, LARGE]) {
        const name = `${size}-${round}`;
        const content = `${round}`.repeat(size).slice(0, size);
        expect((await put(server, name, content)).status).toBe(201);
        await delay(1100);
        proxy.treat(is('GET index'), 'cut', 1);
        proxy.treat(is('GET blob'), 'cut', 2);
        expect(
          `a package of ${size} bytes: ${(await contentOf(server, name)) === content ? 'whole' : 'not'}`,
        ).toBe(`a package of ${size} bytes: whole`);
      }
      const [key = ''] = (await keysBelow(`${prefixOf(own.directory)}packages/`)).filter((one) =>
        one.endsWith(`/${LARGE}-${round}`),
      );
      const rule = proxy.treat(
        ({ kind, path }) => kind === 'GET blob' && path.includes(key),
        { after: () => removeObjects(key) },
        1,
      );
      const { code, stdout, stderr } = await runCommand('repair-index', ['--verify'], environment);
      expect(`the repair ends with ${code}: ${stderr}`).toBe('the repair ends with 0: ');
      expect(stdout).toContain(`${key}: deleted meanwhile`);
      expect(rule.met).toBe(1);
      const removed = await fetch(`${server.url}/assets/${LARGE}-${round}`, {
        method: 'DELETE',
        headers: AUTH,
      });
      expect(removed.status).toBe(204);
    }
  },
);
