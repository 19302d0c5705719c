// The most memory that fifty large transfers at once take, beside what the server takes when it has just started.
import { builds, running } from '../contestants.mjs';
import { transfers } from '../load/transfers.mjs';
import { interleaved } from '../rounds.mjs';
import { packageName, seedReleases } from '../seed.mjs';
import { TOKEN } from '../server.mjs';

const STREAMS = 50;
const BYTES = 100_000_000;
const QUICK_BYTES = 20_000_000;
/** Each takes gigabytes. */
const MOST_ROUNDS = 3;

export const figures = {
  'memory-up': { title: 'peak memory, 50 uploads at once', transfer: up },
  'memory-down': { title: 'peak memory, 50 downloads at once', transfer: down },
};

export async function run(bench, wanted) {
  for (const name of wanted) {
    const { title, transfer } = figures[name];
    const rounds = Math.min(bench.rounds, MOST_ROUNDS);
    const bytes = bench.isQuick ? QUICK_BYTES : BYTES;
    const seed = (storage) => seedReleases(storage, { count: 1, bytes });
    const measure = (build) =>
      running([build], bench.directory, { seed }, async ([one]) => {
        const { now } = await one.memoryBytes();
        await transfer(one, bytes);
        const { peak } = await one.memoryBytes();
        return { idle: now / 1e6, peak: peak / 1e6 };
      });
    const measurements = await interleaved(builds(bench), rounds, measure, { isFresh: true });
    const results = {};
    for (const [build, values] of Object.entries(measurements)) {
      results[build] = values.map(({ peak }) => ({ megabytes: peak }));
      results[`${build}, idle`] = values.map(({ idle }) => ({ megabytes: idle }));
    }
    const [first, ...others] = Object.keys(measurements);
    const pairs = [[first, `${first}, idle`], ...others.map((other) => [first, other])];
    bench.record({ name, title, unit: 'MB', pairs, results });
  }
}

function up({ url }, size) {
  const headers = { Authorization: `Bearer ${TOKEN}` };
  const job = { method: 'PUT', url: `${url}/assets/up-NUMBER.zip`, headers, size };
  return transfers({ ...job, streams: STREAMS, requests: STREAMS });
}

function down({ url }) {
  return transfers({
    method: 'GET',
    url: `${url}/assets/${packageName(0)}`,
    streams: STREAMS,
    requests: STREAMS,
  });
}
