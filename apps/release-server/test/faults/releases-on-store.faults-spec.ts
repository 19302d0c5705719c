import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { keysBelow, putObjects } from '../support/object-store.js';
import type { LogLine, ServerProcess } from '../support/process.js';
import { prefixOf } from '../support/storage.js';
import type { StoreRequest } from '../support/store-proxy.js';
import { until } from '../support/until.js';
import { objectStore, wayOf } from './support/behind-proxy.js';
import { ReleaseLedger } from './support/release-ledger.js';
import { ReleaseClient, releasesAt, say } from './support/release-load.js';
import { expectWhole, makeDraft, publishAgainstReaders, raceForRelease } from './support/release-races.js';
import { partialReleases, releasesInIndex } from './support/release-versions.js';
import { Replicas } from './support/replicas.js';
import { row, type Row } from './support/row.js';

const CLOCK = resolve('apps/release-server/test/faults/support/clock.mjs');
/** Milliseconds after which a blob that nothing lists is an orphan, and some more. */
const LATER = 25 * 60 * 60 * 1000;
const LIMIT = 40;
const CLIENTS = 8;

row(
  'O16',
  'three replicas, lossy ways to the store, kill -9, and releases: absent, a draft or whole in every version of the index',
  {
    rounds: { usual: 20, long: 120, of: 'seconds' },
    needs: [objectStore],
    timeout: { usual: 180_000, long: 600_000 },
  },
  async (frame) => {
    const replicas = await Replicas.start(frame, {
      count: 3,
      clocksApart: 0,
      lossPercent: 2,
      environment: { MAX_PACKAGES: `${LIMIT}` },
    });
    const ledger = new ReleaseLedger();
    const client = new ReleaseClient(() => replicas.any(), ledger, [503]);
    let goesOn = true;
    const work = async (prefix: string): Promise<void> => {
      while (goesOn) if (!(await client.step(prefix, true))) await delay(20);
    };
    const working = Array.from({ length: CLIENTS }, (_, at) => work(`${at}/`));
    const killing = replicas.killOnAndOn(() => goesOn);
    await delay(frame.rounds * 1000);
    // A slow machine needs longer to meet anything.
    for (let more = 0; more < 60 && ledger.publications < frame.rounds / 2; more++) await delay(1000);
    goesOn = false;
    await Promise.all([...working, killing]);
    replicas.stopLosing();

    expect(client.failures).toEqual([]);
    expect(partialReleases(replicas.versions)).toEqual([]);
    const found = await releasesInIndex(prefixOf(frame.directory));
    expect(ledger.differences(found, { limit: LIMIT })).toEqual([]);
    for (const server of replicas.servers) {
      const seen = async (): Promise<string[]> =>
        ledger.differences(await releasesAt(server), { limit: LIMIT, seesDrafts: false });
      await until(async () => (await seen()).length === 0).catch(() => undefined);
      expect(await seen()).toEqual([]);
    }
    ledger.settle(found);
    ledger.expectExercised(frame.rounds / 2);
    frame.note(`${ledger.publications} releases published, ${ledger.cutOff} requests of unknown outcome`);
    frame.note(`${replicas.down.length} kills, ${replicas.lost.length} losses, 0 partial`);
  },
);

/** What is cut off at every request to the store; each resolves with what is then sent. */
const STEPS: Readonly<
  Record<string, (client: ReleaseClient, ledger: ReleaseLedger) => Promise<() => Promise<boolean>>>
> = {
  draft: async (client, ledger) => () => client.draft(ledger.newTag()),
  upload: async (client, ledger) => {
    const tag = ledger.newTag();
    await client.draft(tag);
    await client.upload(tag);
    return () => client.upload(tag);
  },
  publish: async (client, ledger) => {
    const tag = ledger.newTag();
    await client.fill(tag);
    return () => client.publish(tag);
  },
  'publish under another tag': async (client, ledger) => {
    const tag = ledger.newTag();
    await client.fill(tag);
    return () => client.publish(tag, ledger.newTag());
  },
  delete: async (client, ledger) => {
    const tag = ledger.newTag();
    await client.fill(tag);
    await client.publish(tag);
    return () => client.remove(tag);
  },
};

row(
  'O17',
  'kill at the k-th request to the store, before and after the store does it, of all that is done to a release',
  {
    rounds: { usual: 1, long: 20, of: 'passes' },
    needs: [objectStore],
    timeout: { usual: 300_000, long: 3_600_000 },
  },
  async (frame) => {
    const { proxy, start } = await wayOf(frame);
    const ledger = new ReleaseLedger();
    const prefix = prefixOf(frame.directory);
    let [victim, kills] = [await start({ MAX_PACKAGES: 'null' }), 0];
    /** Whether the request was met, at which the server was killed. */
    const killAt = async (at: number, isDone: boolean, prepare: (typeof STEPS)[string]): Promise<boolean> => {
      const client = new ReleaseClient(() => victim, ledger);
      const act = await prepare(client, ledger);
      const { promise, resolve: letGo } = Promise.withResolvers<void>();
      let seen = 0;
      const isKth = ({ method }: StoreRequest): boolean => method !== 'GET' && ++seen === at;
      const rule = proxy.treat(isKth, isDone ? { late: () => promise } : { after: () => promise }, 1);
      const acting = act();
      await Promise.race([acting, until(() => rule.met === 1)]);
      const isMet = rule.met === 1;
      rule.remove();
      if (isMet) {
        // The store takes a while for what it does, and the server for what it does without waiting.
        await delay(100);
        await victim.kill();
      }
      letGo();
      await acting;
      expect(client.failures).toEqual([]);
      if (isMet) victim = await start({ MAX_PACKAGES: 'null' });
      const found = await releasesInIndex(prefix);
      expect(ledger.differences(found)).toEqual([]);
      expect(ledger.differences(await releasesAt(victim), { seesDrafts: false })).toEqual([]);
      ledger.settle(found);
      return isMet;
    };
    for (let pass = 0; pass < frame.rounds; pass++) {
      for (const [does, prepare] of Object.entries(STEPS)) {
        for (const isDone of [false, true]) {
          let at = 1;
          while (await killAt(at, isDone, prepare)) at += 1;
          expect(`${does} needs ${at > 1 ? 'the store' : 'nothing'}`).toBe(`${does} needs the store`);
          kills += at - 1;
        }
      }
    }
    frame.note(`${kills} kills, 0 partial`);
  },
);

row(
  'O18',
  'releases made, filled, published and deleted through three replicas, which all tell the same of them at once',
  { rounds: { usual: 6, long: 200, of: 'releases' }, needs: [objectStore] },
  async (frame) => {
    const servers = await startThree(frame);
    let seen = 0;
    for (let round = 0; round < frame.rounds; round++) {
      seen += (await publishAgainstReaders(servers, `v${round + 1}.0.0`)).sightings;
      await raceForRelease(servers, `cli/v${round + 1}.0.0`);
      const tag = `v${round + 1}.1.0`;
      await makeDraft(servers, tag);
      expect((await say(servers[round % 3] ?? servers[0], 'PATCH', `/${tag}`, { draft: false })).status).toBe(
        200,
      );
      await expectWhole(servers, tag);
    }
    frame.note(`seen whole ${seen} times`);
  },
);

async function startThree(frame: Row): Promise<[ServerProcess, ...ServerProcess[]]> {
  const environment = { MAX_PACKAGES: 'null' };
  const replicas = await Replicas.start(frame, { count: 3, clocksApart: 0, lossPercent: 0, environment });
  return replicas.servers as [ServerProcess, ...ServerProcess[]];
}

row(
  'O19',
  'blobs of releases that nothing lists are collected after a day, and those of drafts are kept',
  { rounds: { usual: 1, long: 10, of: 'rounds' }, needs: [objectStore] },
  async (frame) => {
    const { proxy, start } = await wayOf(frame);
    // What is signed with a wrong clock is signed anew, so that the store takes it.
    proxy.treat(() => true, { without: [] });
    const clock = join(frame.directory, '.clock');
    const settings = {
      MAX_PACKAGES: 'null',
      S3_GRACE: '1s',
      NODE_OPTIONS: `--import=${CLOCK}`,
      CLOCK: clock,
    };
    const prefix = prefixOf(frame.directory);
    for (let round = 0; round < frame.rounds; round++) {
      const tag = `v${round + 1}.0.0`;
      await writeFile(clock, '0');
      const young = await start(settings);
      await makeDraft([young], tag);
      const strays = [`${prefix}releases/${randomUUID()}/stray`, `${prefix}packages/${randomUUID()}/stray`];
      await putObjects(Object.fromEntries(strays.map((key) => [key, 'stray'])));
      await young.stop();

      await writeFile(clock, String(LATER));
      const old = await start(settings);
      await until(() => condemnedBy(old).length > 0);
      expect(condemnedBy(old)).toEqual(['2 blobs that no package has are going to be deleted']);
      await until(async () => !(await keysBelow(prefix)).some((key) => strays.includes(key)));
      expect((await say(old, 'PATCH', `/${tag}`, { draft: false })).status).toBe(200);
      await expectWhole([old], tag);
      await old.stop();
    }
  },
);

/** What it said of orphans. */
function condemnedBy(server: ServerProcess): string[] {
  return server
    .lines()
    .map((line) => (JSON.parse(line) as LogLine).message)
    .filter((message) => message.includes('blobs that no package has'));
}
