import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { Client, expectAsAcknowledged, Ledger, Load } from './support/load.js';
import { ReleaseLedger } from './support/release-ledger.js';
import { expectReleasesAsAcknowledged, ReleaseClient, ReleaseLoad } from './support/release-load.js';
import { row, type Row } from './support/row.js';
import { attach, callsIn, ONE_THREAD, type Thread } from './support/strace.js';
import { strace } from './support/tools.js';

const LIMIT = 20;

row(
  'K1',
  'kill -9 in a loop under creates, overwrites, deletes and evictions at a limit of 20; the same of whole releases',
  {
    rounds: { usual: 12, long: 500, of: 'kills of each' },
    timeout: { usual: 300_000, long: 3_600_000 },
  },
  async (frame) => {
    const [packages, releases] = await Promise.allSettled([
      killUnderPackages(frame),
      killUnderReleases(frame),
    ]);
    for (const one of [packages, releases]) if (one.status === 'rejected') throw one.reason;
  },
);

async function killUnderPackages({ server, directory, rounds, note }: Row): Promise<void> {
  const own = join(directory, 'packages');
  const ledger = new Ledger();
  const start = () => server({ MAX_PACKAGES: `${LIMIT}` }, { directory: own });
  let victim = await start();
  for (let round = 0; round < rounds; round++) {
    // Without deletes nothing but the limit explains that a package is gone.
    const load = new Load(victim, ledger, { deletes: round % 2 === 1 });
    await delay(randomInt(30, 500));
    await victim.kill();
    await load.stop();
    expect(load.failures).toEqual([]);
    victim = await start();
    await expectAsAcknowledged(ledger, own, { server: victim, limit: LIMIT });
  }
  ledger.expectExercised(rounds);
  note(`${ledger.acknowledged} acknowledged and ${ledger.cutOff} cut off, 0 lost, 0 torn`);
}

async function killUnderReleases({ server, directory, rounds, note }: Row): Promise<void> {
  const own = join(directory, 'releases');
  const ledger = new ReleaseLedger();
  const start = () => server({ MAX_PACKAGES: `${LIMIT}` }, { directory: own });
  let victim = await start();
  for (let round = 0; round < rounds; round++) {
    const load = new ReleaseLoad(victim, ledger, { deletes: round % 2 === 1 });
    await load.some();
    await victim.kill();
    await load.stop();
    expect(load.failures).toEqual([]);
    victim = await start();
    await expectReleasesAsAcknowledged(ledger, own, { server: victim, limit: LIMIT });
  }
  ledger.expectExercised(rounds);
  note(`${ledger.publications} releases published, ${ledger.cutOff} requests cut off, 0 partial`);
}

/** Calls that touch the file system. */
const CALLS =
  'openat pwrite64 writev pwritev ftruncate copy_file_range sendfile ' +
  'fsync fdatasync link linkat rename renameat renameat2 unlink unlinkat mkdir rmdir utimensat fchmod';

/** Something that is killed at every one of its calls. */
interface Operation {
  readonly does: string;
  readonly limit: number;
  /** How many calls it has at the least. */
  readonly least: number;
  /** What must be there before; resolves with what is then killed. */
  readonly prepare: (clients: Clients) => Promise<() => Promise<boolean>>;
}

/** What an operation works with. */
interface Clients {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly publisher: ReleaseClient;
  readonly releases: ReleaseLedger;
}

const OPERATIONS: readonly Operation[] = [
  {
    does: 'publish',
    limit: 1000,
    least: 6,
    prepare:
      async ({ client, ledger }) =>
      () =>
        client.create(ledger.newName()),
  },
  {
    does: 'overwrite',
    limit: 1000,
    least: 5,
    prepare: async ({ client }) => {
      await client.overwrite('o.bin');
      return () => client.overwrite('o.bin');
    },
  },
  {
    does: 'delete',
    limit: 1000,
    least: 2,
    prepare: async ({ client, ledger }) => {
      const name = ledger.newName();
      await client.create(name);
      return () => client.remove(name);
    },
  },
  {
    does: 'evicting publish',
    limit: 3,
    least: 8,
    prepare: async ({ client, ledger }) => {
      while (ledger.present().length < 3) await client.create(ledger.newName());
      return () => client.create(ledger.newName());
    },
  },
  {
    does: 'publishing a draft under another tag, for which a release leaves',
    limit: 5,
    least: 6,
    prepare: async ({ publisher, releases }) => {
      const [old, tag, to] = [releases.newTag(), releases.newTag(), releases.newTag()];
      await publisher.fill(old);
      await publisher.publish(old);
      await publisher.fill(tag);
      return () => publisher.publish(tag, to);
    },
  },
  {
    does: 'deleting a release',
    limit: 1000,
    least: 4,
    prepare: async ({ publisher, releases }) => {
      const tag = releases.newTag();
      await publisher.fill(tag);
      await publisher.publish(tag);
      return () => publisher.remove(tag);
    },
  },
];

row(
  'K2',
  'kill at the k-th system call of publish, overwrite, delete and an evicting publish, of packages and of releases',
  {
    rounds: { usual: 1, long: 1, of: 'passes' },
    needs: [strace],
    timeout: { usual: 600_000, long: 3_600_000 },
  },
  async (frame) => {
    // `write` wakes the event loop as well: with it there are more than twice as many k for few further states.
    const calls = frame.isLong ? `${CALLS} write` : CALLS;
    let kills = 0;
    for (let pass = 0; pass < frame.rounds; pass++) {
      const place = join(frame.directory, `${pass}`);
      const killed = OPERATIONS.map((operation) => killAtEvery(calls, operation, place, frame));
      // All of them, for what goes on after a failure would start further servers.
      for (const one of await Promise.allSettled(killed)) {
        if (one.status === 'rejected') throw one.reason;
        kills += one.value;
      }
    }
    frame.note(`${kills} kills at ${frame.isLong ? 'every call' : 'every call but write'}`);
  },
);

/** Kills one operation at every one of its calls, each time on a server of its own; resolves with the kills. */
async function killAtEvery(
  calls: string,
  { does, limit, least, prepare }: Operation,
  place: string,
  { server, mayEnd }: Row,
): Promise<number> {
  const own = join(place, does);
  const [ledger, releases] = [new Ledger(), new ReleaseLedger()];
  const start = () => server({ ...ONE_THREAD, MAX_PACKAGES: `${limit}` }, { directory: own });
  let victim = await start();
  /** Operates under strace; resolves with whether the server survived. */
  const survives = async (expression: string, output?: string, thread?: Thread): Promise<boolean> => {
    const [client, publisher] = [new Client(victim, ledger), new ReleaseClient(() => victim, releases)];
    const operate = await prepare({ client, ledger, publisher, releases });
    mayEnd(victim);
    const trace = await attach(victim, [`trace=${calls.replaceAll(' ', ',')}`, expression], output, thread);
    const isAcknowledged = await operate();
    // It may die after its answer as well, such as when it logs.
    await Promise.race([victim.exited, delay(isAcknowledged ? 150 : 10_000, undefined, { ref: false })]);
    const isAlive = victim.isRunning();
    await trace.detach();
    expect([...client.failures, ...publisher.failures]).toEqual([]);
    expect(isAcknowledged || !isAlive).toBe(true);
    if (!isAlive) victim = await start();
    const options = { ...(isAlive ? {} : { server: victim }), limit };
    await expectAsAcknowledged(ledger, own, options);
    await expectReleasesAsAcknowledged(releases, own, options);
    return isAlive;
  };

  const output = `${own.replaceAll(' ', '-')}.calls`;
  await survives('signal=none', output);
  let kills = 0;
  for (const call of await callsIn(output)) {
    // strace counts each kind of call for itself, and in each thread.
    for (const thread of ['main', 'pool'] as const) {
      const killAt = (k: number) => survives(`inject=${call}:signal=KILL:when=${k}`, undefined, thread);
      for (let k = 1; !(await killAt(k)); k++) kills += 1;
    }
  }
  expect(`${does}: ${kills < least ? 'too few' : 'enough'} kills`).toBe(`${does}: enough kills`);
  await victim.stop();
  return kills;
}
