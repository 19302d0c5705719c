// Fills the store of the configuration with packages to try the server out with: `npm run seed`.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';

import { count, runCommand, UsageError } from '../../dist/apps/release-server/src/commands/command.js';
import { digestOf } from '../../dist/apps/release-server/src/commands/migration.js';
import { Progress } from '../../dist/apps/release-server/src/commands/progress.js';
import { loadConfig } from '../../dist/apps/release-server/src/config/config.loader.js';
import { configSchema } from '../../dist/apps/release-server/src/config/config.schema.js';
import { storageOptions } from '../../dist/apps/release-server/src/config/storage.factory.js';
import { seedPackages } from './packages.mjs';

const NAME = 'seed';
const HELP = `Usage: ${NAME} [--now TIME]

Publishes two releases of spec-kit templates with 34 zips each, a pre-release, and some files without version, with publish
times in the last weeks. Reads the configuration as the server does (CONFIG_PATH, environment), needs no token, and may run
beside the server. What is stored already stays as it is.

      --now TIME  date publish times back from this time instead of the present, such as 2026-01-15T12:00:00Z
  -h, --help      print this

Exits with 0 when all packages are stored, with 1 when other bytes are stored under one of the names.
`;

/** What leaves, and when, is the business of the server; {@link requireRoom} has seen to it that nothing has to. */
const KEEP_ALL = () => [];

async function seed() {
  const { values } = parseArgs({
    options: { now: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const now = values.now === undefined ? Date.now() : Date.parse(values.now);
  if (Number.isNaN(now)) throw new UsageError(`--now ${values.now} is not a time`);
  const packages = await seedPackages(now);
  const config = loadConfig(configSchema);
  const store = await storageOptions(config).open();
  try {
    await requireRoom(store, packages, config.max_packages);
    return await publishAll(store, packages, config.max_upload_size);
  } finally {
    await store.close();
  }
}

/** Refuses what would have packages leave. */
async function requireRoom(store, packages, limit) {
  const stored = new Set((await store.list()).map(({ name }) => name));
  const missing = packages.filter(({ name }) => !stored.has(name)).length;
  const total = stored.size + missing;
  if (limit === null || missing === 0 || total <= limit) return;
  throw new Error(
    `nothing was stored: with it there would be ${count(total, 'package')}, and max_packages is ${limit}, so the oldest would leave; raise max_packages or seed an empty store`,
  );
}

async function publishAll(store, packages, maxSize) {
  const progress = new Progress(process.stderr);
  const counts = { published: 0, skipped: 0, conflict: 0 };
  try {
    for (const [at, wanted] of packages.entries()) {
      const place = `[${at + 1}/${packages.length}]`;
      progress.doing(`${place} ${wanted.name}`);
      const outcome = await publish(store, wanted, maxSize);
      counts[outcome] += 1;
      if (outcome === 'conflict') progress.tell(`${place} conflict ${wanted.name}: other bytes are stored`);
      else progress.done(`${place} ${outcome} ${wanted.name}`);
    }
  } finally {
    progress.clear();
  }
  const { published, skipped, conflict } = counts;
  process.stdout.write(
    `${count(packages.length, 'package')}: ${published} published, ${skipped} there already, ${count(conflict, 'conflict')}.\n`,
  );
  return conflict > 0 ? 1 : 0;
}

async function publish(store, wanted, maxSize) {
  const { name, content } = wanted;
  if ((await store.find(name)) === undefined && (await create(store, wanted, maxSize))) return 'published';
  const wantedDigest = createHash('sha256').update(content).digest('hex');
  return (await digestOf(store, name)) === wantedDigest ? 'skipped' : 'conflict';
}

/** Publishes what is not there; false when somebody was faster. */
async function create(store, { name, content, createdAt }, maxSize) {
  const staged = await store.stage(Readable.from(content), { maxSize, size: content.length });
  try {
    await store.publish(staged, name, { condition: 'absent', evict: KEEP_ALL, createdAt });
    return true;
  } catch (error) {
    if (error.code === 'package_exists') return false;
    throw error;
  } finally {
    await store.discard(staged);
  }
}

await runCommand(NAME, seed);
