import { setTimeout as delay } from 'node:timers/promises';

import { get, json, names, put, sha256 } from '../support/client.js';
import { blobNames, keysBelow, textOf } from '../support/object-store.js';
import type { ServerProcess } from '../support/process.js';
import { prefixOf } from '../support/storage.js';
import { until } from '../support/until.js';
import { objectStore } from './support/behind-proxy.js';
import { CallLog, ChaosClient, type Call } from './support/calls.js';
import { IndexHistory, parseVersion } from './support/index-history.js';
import { Replicas } from './support/replicas.js';
import { row, type Row } from './support/row.js';
import { judge, listOf } from './support/verdict.js';

const LIMIT = 10;
/** Milliseconds for which blobs outlive their packages, by the clocks of the replicas, the most that those are apart, and
 * what may pass between a decision and its way to the store. */
const GRACE = 7000;
const CLOCKS_APART = 1500;
const SLACK = 1000;
const CLIENTS = 12;

row(
  'O7',
  'three replicas, lossy ways to the store, kill -9, clocks apart: all answers and indexes against a model',
  {
    rounds: { usual: 25, long: 120, of: 'seconds' },
    needs: [objectStore],
    timeout: { usual: 180_000, long: 600_000 },
  },
  async (frame) => {
    const replicas = await Replicas.start(frame, {
      count: 3,
      clocksApart: CLOCKS_APART,
      lossPercent: 3,
      environment: { MAX_PACKAGES: `${LIMIT}`, S3_GRACE: `${GRACE}ms` },
    });
    const log = new CallLog();
    let goesOn = true;
    const clients = Array.from({ length: CLIENTS }, () =>
      new ChaosClient(() => replicas.any(), log).work(() => goesOn),
    );
    const killing = replicas.killOnAndOn(() => goesOn);
    await delay(frame.rounds * 1000);
    // Chance may leave something out for a while.
    for (let more = 0; more < frame.rounds && untried(log.calls, replicas, frame).length > 0; more++)
      await delay(1000);
    goesOn = false;
    await Promise.all([...clients, killing]);
    replicas.stopLosing();

    const index = historyOf(replicas);
    const problems = judge(log.calls, index, replicas);
    expect([...problems, ...(await leftovers(frame, replicas, index, log.calls))].slice(0, 20)).toEqual([]);
    const little = untried(log.calls, replicas, frame);
    if (little.length > 0) throw new Error(`too little was tried: ${little.join(', ')}`);
    note(frame, replicas, log.calls);
  },
);

row(
  'O8',
  '64 creates of one name through three replicas',
  { rounds: { usual: 10, long: 200, of: 'rounds' }, needs: [objectStore] },
  async (frame) => {
    const servers = await startThree(frame);
    for (let round = 0; round < frame.rounds; round++) {
      const name = `r-${round}.bin`;
      const bodies = Array.from({ length: 64 }, (_, index) => `${round} of ${index}`.padEnd(1000 + index));
      const statuses = await Promise.all(
        bodies.map(async (body, index) => (await put(servers[index % 3] ?? NONE, name, body)).status),
      );
      const winners = statuses.flatMap((status, index) => (status === 201 ? [index] : []));
      expect(`${winners.length} created, ${statuses.filter((one) => one === 409).length} refused`).toBe(
        '1 created, 63 refused',
      );
      for (const one of servers) {
        expect(await (await get(one, `/assets/${name}`)).text()).toBe(bodies[winners[0] ?? -1]);
      }
    }
    // The blobs of those that were refused are gone.
    expect(await blobNames(prefixOf(frame.directory))).toHaveLength(frame.rounds);
  },
);

row(
  'O9',
  'what one replica stores, another finds at once by its name and soon in its list',
  { rounds: { usual: 60, long: 2000, of: 'publishes' }, needs: [objectStore] },
  async (frame) => {
    const servers = await startThree(frame);
    let slowest = 0;
    for (let round = 0; round < frame.rounds; round++) {
      const name = `${round}.bin`;
      const others = servers.filter((_, index) => index !== round % 3);
      // So that each has a version of which it need not ask for a while.
      await Promise.all(servers.map(names));
      expect((await put(servers[round % 3] ?? NONE, name, name)).status).toBe(201);
      const found = others.map(async (one, index) => {
        const method = (round + index) % 2 === 0 ? 'GET' : 'HEAD';
        return (await fetch(`${one.url}/assets/${name}`, { method })).status;
      });
      expect(`${(await Promise.all(found)).join()} for ${name}`).toBe(`200,200 for ${name}`);
      if (round % 5 > 0) continue;
      // A name that is not asked for, so that lists learn of it by themselves.
      const quiet = `${round}-quiet.bin`;
      const began = performance.now();
      expect((await put(servers[round % 3] ?? NONE, quiet, quiet)).status).toBe(201);
      for (const one of others) await until(async () => (await names(one)).includes(quiet));
      slowest = Math.max(slowest, performance.now() - began);
    }
    frame.note(`listed after ${(slowest / 1000).toFixed(1)} s at the latest`);
    expect(slowest).toBeLessThan(5000);
  },
);

const NEVER = { began: 0, ended: 0 };
const NONE: Pick<ServerProcess, 'url'> = { url: '' };

async function startThree(frame: Row): Promise<ServerProcess[]> {
  const replicas = await Replicas.start(frame, {
    count: 3,
    clocksApart: 0,
    lossPercent: 0,
    environment: { MAX_PACKAGES: 'null' },
  });
  return replicas.servers;
}

function historyOf({ versions, deletions }: Replicas): IndexHistory {
  return new IndexHistory(versions, deletions, { limit: LIMIT, grace: GRACE - 2 * CLOCKS_APART - SLACK });
}

/** What is not in the store as the last version of the index says, or is there and should not be. */
async function leftovers(
  { directory }: Row,
  { servers }: Replicas,
  index: IndexHistory,
  calls: readonly Call[],
): Promise<string[]> {
  const { packages } = parseVersion(await textOf(`${prefixOf(directory)}index.json`), NEVER);
  const expected = index.latest === undefined ? [] : listOf(index.latest);
  const listed = [...packages].map(([name, { sha256: digest }]) => `${name} ${digest}`);
  const problems =
    listed.toSorted().join() === expected.toSorted().join() ? [] : ['the last index is another'];
  for (const [name, { key, sha256: digest }] of packages) {
    const isWhole = await textOf(key).then(
      (content) => sha256(content) === digest,
      () => false,
    );
    if (!isWhole) problems.push(`the blob of ${name} is not whole`);
  }
  for (const { url } of servers) {
    await until(async () => (await listAt(url)).join() === expected.join()).catch(() => undefined);
    if ((await listAt(url)).join() !== expected.join())
      problems.push(`${url} lists something else in the end`);
  }
  return [...problems, ...(await orphans(directory, index, calls))];
}

async function listAt(url: string): Promise<string[]> {
  const listed = await json<{ name: string; sha256: string }[]>(await get({ url }, '/packages?format=json'));
  return listed.map((one) => `${one.name} ${one.sha256}`);
}

/** Objects that no version of the index explains, and no publish either of which nobody knows what came of it. */
async function orphans(directory: string, index: IndexHistory, calls: readonly Call[]): Promise<string[]> {
  const unknown = new Set(
    calls.flatMap(({ wish, status }) =>
      wish.does === 'publish' && (status === undefined || status >= 500) ? [wish.digest] : [],
    ),
  );
  const known = new Set([...index.arrivals.values()].map(({ key }) => key));
  const problems: string[] = [];
  for (const key of await keysBelow(prefixOf(directory))) {
    if (known.has(key) || key.endsWith('/index.json')) continue;
    const isExplained = key.includes('/packages/') && unknown.has(sha256(await textOf(key)));
    if (!isExplained) problems.push(`${key} is nobody's`);
  }
  return problems;
}

/** What has to happen for the row to say something, and did not yet. */
function untried(calls: readonly Call[], replicas: Replicas, { rounds }: Row): string[] {
  const count = (is: (call: Call) => boolean): number => calls.filter(is).length;
  const { departures } = historyOf(replicas);
  const gone = new Set(departures.map(({ key }) => key));
  const left = (why: string): number => departures.filter((one) => one.why === why).length;
  const counts: readonly (readonly [string, number, number])[] = [
    ['publishes', count(({ version, wish }) => wish.does === 'publish' && version !== undefined), 2 * rounds],
    ['downloads', count(({ received }) => received !== undefined), rounds],
    ['kills', replicas.down.length, rounds / 10],
    ['publishes in flight at a kill', cutOff(calls, replicas), 1],
    ['lost requests and answers', replicas.lost.length, rounds / 2],
    ['lost answers of an index that was written', replicas.untold, 1],
    ['evictions', left('evicted'), 1],
    ['deletes', left('deleted'), 1],
    ['overwrites', left('overwritten'), 1],
    ['blobs deleted after their packages', replicas.deletions.filter(({ key }) => gone.has(key)).length, 1],
    ...[404, 409, 412].map((status) => [`${status}`, count((call) => call.status === status), 1] as const),
  ];
  return counts.flatMap(([what, found, least]) => (found < least ? [`${found} ${what}`] : []));
}

/** Publishes that were under way at a kill of their replica, and were never answered. */
function cutOff(calls: readonly Call[], { down }: Replicas): number {
  return calls.filter(
    ({ wish, status, replica, began, ended }) =>
      wish.does === 'publish' &&
      status === undefined &&
      down.some((one) => one.replica === replica && began < one.began && one.began < ended),
  ).length;
}

function note(frame: Row, replicas: Replicas, calls: readonly Call[]): void {
  const { down, lost, untold, versions } = replicas;
  const acknowledged = calls.filter(({ status }) => status === 200 || status === 201 || status === 204);
  const writes = acknowledged.filter(({ wish }) => wish.does === 'publish' || wish.does === 'remove');
  frame.note(`${calls.length} requests, ${writes.length} acknowledged writes in ${versions.length} versions`);
  frame.note(`${down.length} kills, ${cutOff(calls, replicas)} publishes cut off`);
  frame.note(`${lost.length} losses, ${untold} of a written index, 0 violations`);
}
