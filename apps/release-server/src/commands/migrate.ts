import { constants } from 'node:os';
import { parseArgs } from 'node:util';

import { folderTagOf, type PackageStore, type StorageOptions } from '#storage';

import { loadConfig } from '../config/config.loader.js';
import { configSchema } from '../config/config.schema.js';
import type { Config } from '../config/config.js';
import { storageOptions } from '../config/storage.factory.js';
import { count, messageOf, printable, runCommand, UsageError } from './command.js';
import { Migration, type Outcome } from './migration.js';
import { Progress } from './progress.js';

const NAME = 'migrate';
const HELP = `Usage: ${NAME} --from FILE --to FILE [--overwrite]

Copies all packages and releases of one store to another, with their names, times, digests, notes and drafts, and reads
each package again to verify it. A release becomes public there once all of its packages are copied. Each FILE is the configuration of a server; its storage counts, a token is not needed, and the environment does not outrank it.
A second run goes on where the first ended. See "Moving between drivers" in docs/storage.md.

      --from FILE  configuration of the server whose packages are copied; nothing is changed there
      --to FILE    configuration of the server to whose storage they go
      --overwrite  replace packages that the target has with other bytes or times, and releases that it has with other
                   records, instead of reporting them
  -h, --help       print this

Exits with 0 when the target has all packages, with 1 when some failed or were in conflict.
`;

type Counts = Record<Outcome['kind'] | 'failed' | 'left', number>;

async function migrate(): Promise<number> {
  const { values } = parseArgs({
    options: {
      from: { type: 'string' },
      to: { type: 'string' },
      overwrite: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { from, to, overwrite } = values;
  if (from === undefined || from === '' || to === undefined || to === '') {
    throw new UsageError('both --from and --to are needed');
  }
  const [source, target] = [configOf(from), configOf(to)];
  return withStore('--from', storageOptions(source, true), (reading) =>
    withStore('--to', storageOptions(target, false), async (writing) => {
      const counts = await copyAll(new Migration(reading, writing, { overwrite }));
      await noteLimit(writing, target.max_packages);
      return counts;
    }),
  );
}

/** A file stands for itself: the environment would outrank both alike. */
function configOf(path: string): Config {
  return loadConfig(configSchema, { CONFIG_PATH: path });
}

async function withStore<T>(
  option: string,
  options: StorageOptions,
  use: (store: PackageStore) => Promise<T>,
): Promise<T> {
  const store = await options.open().catch((error: unknown) => {
    throw new Error(`${option}: ${messageOf(error)}`);
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Copies one package after the other until all are done or a signal comes, and returns the exit code. */
async function copyAll(migration: Migration): Promise<number> {
  const progress = new Progress(process.stderr);
  let signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // More than once: npm passes on what the terminal has sent already.
    process.on(name, () => {
      if (signal === undefined) progress.tell(`${name}: ending after this package`);
      signal ??= name;
    });
  }
  const counts: Counts = { copied: 0, skipped: 0, gone: 0, conflict: 0, failed: 0, left: 0 };
  const inConflict = await migration.beginReleases();
  for (const tag of inConflict)
    progress.tell(`conflict: the target has another release with the tag ${printable(tag)}`);
  const packages = await migration.packages();
  const incomplete = new Set<string>();
  for (const [at, one] of packages.entries()) {
    const { name } = one;
    if (signal !== undefined) {
      counts.left = packages.length - at;
      for (const left of packages.slice(at)) incomplete.add(folderTagOf(left) ?? '');
      break;
    }
    const kind = await copyOne(migration, name, `[${at + 1}/${packages.length}]`, progress);
    counts[kind] += 1;
    if (kind === 'failed') incomplete.add(folderTagOf(one) ?? '');
  }
  await migration.endReleases(incomplete);
  progress.clear();
  process.stdout.write(summaryOf(packages.length, counts));
  if (signal !== undefined && counts.left > 0) return 128 + constants.signals[signal];
  return counts.failed + counts.conflict + inConflict.length > 0 ? 1 : 0;
}

async function copyOne(
  migration: Migration,
  name: string,
  place: string,
  progress: Progress,
): Promise<Outcome['kind'] | 'failed'> {
  progress.doing(`${place} ${name}`);
  try {
    const outcome = await migration.copy(name);
    if (outcome.kind === 'conflict') progress.tell(`${place} conflict ${name}: ${outcome.reason}`);
    else progress.done(`${place} ${outcome.kind} ${name}`);
    return outcome.kind;
  } catch (error) {
    progress.tell(`${place} failed ${name}: ${messageOf(error)}`);
    return 'failed';
  }
}

function summaryOf(total: number, { copied, skipped, gone, conflict, failed, left }: Counts): string {
  const parts = [
    `${copied} copied`,
    `${skipped} there already`,
    count(conflict, 'conflict'),
    `${failed} failed`,
  ];
  if (gone > 0) parts.push(`${gone} gone from the source meanwhile`);
  if (left > 0) parts.push(`${left} left for another run`);
  const advice = conflict > 0 ? 'Packages in conflict are replaced with --overwrite.\n' : '';
  return `${count(total, 'package')}: ${parts.join(', ')}.\n${advice}`;
}

async function noteLimit(target: PackageStore, limit: number | null): Promise<void> {
  const { length } = await target.list();
  if (limit === null || length <= limit) return;
  process.stderr.write(
    `${NAME}: the target has ${length} packages and its max_packages is ${limit}: the oldest leave when its server starts\n`,
  );
}

await runCommand(NAME, migrate);
