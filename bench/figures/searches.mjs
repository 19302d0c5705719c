// What pages and searches cost that nobody asked for before, with 10,000 packages and with 100, as browsers ask.
import { once } from 'node:events';
import { Agent, request } from 'node:http';

import { running, withPackages } from '../contestants.mjs';
import { measured } from '../measure.mjs';
import { median } from '../rounds.mjs';

const COUNTS = [100, 10_000];
const TIMES_PER_SECOND = 20;
/** All names begin so. */
const COMMON = 'spec-kit-template';
/** As browsers send them. */
const headers = { Accept: 'text/html', 'Accept-Encoding': 'br' };

/** Queries by number; each shows as many rows with few packages as with many. */
export const figures = {
  'page-50': { title: 'page 50 of two packages each', query: () => 'per_page=2&page=50' },
  'search-one': { title: 'search that one package fits', query: (at) => `q=${common(at)}+claude-sh-v1.0` },
  'search-none': { title: 'search that no package fits', query: (at) => `q=nothing${at}` },
  'search-all': { title: 'search that all packages fit', query: (at) => `q=${common(at)}` },
  'search-by-size': {
    title: 'search that all packages fit, by size',
    query: (at) => `q=${common(at)}&sort=size`,
  },
  'search-page-5': {
    title: 'search that all packages fit, by name, page 5',
    query: (at) => `q=${common(at)}&sort=name&per_page=20&page=5`,
  },
};

export async function run(bench, wanted) {
  const contestants = withPackages(bench, COUNTS);
  const asked = new Map(contestants.map(({ name }) => [name, 0]));
  await running(contestants, bench.directory, {}, async (started) => {
    for (const name of wanted) {
      const { title, query } = figures[name];
      const measure = async (contestant) => {
        const first = asked.get(contestant.name);
        const count = bench.seconds * TIMES_PER_SECOND;
        asked.set(contestant.name, first + count);
        return times(
          contestant,
          Array.from({ length: count }, (_, at) => query(first + at)),
        );
      };
      await bench.compare(name, { title, unit: 'ms' }, started, measure, contestants.pairs);
    }
  });
}

/** Words that are in all names, others for every number below 105. */
function common(at) {
  const cut = at % 15;
  return `${COMMON.slice(cut)}+${COMMON.slice(Math.floor(at / 15) % 15)}`;
}

async function times(contestant, queries) {
  const agent = new Agent({ keepAlive: true });
  const all = [];
  const { cpuMicrosecondsPerRequest, loopDelayP99Ms, loopDelayMaxMs } = await measured(
    contestant,
    async () => {
      for (const query of queries) {
        const start = performance.now();
        const asked = request(`${contestant.url}/packages?${query}`, { agent, headers }).end();
        const [response] = await once(asked, 'response');
        await response.toArray();
        if (response.statusCode !== 200) throw new Error(`${query} answered ${response.statusCode}`);
        all.push(performance.now() - start);
      }
      return { requests: queries.length, seconds: 1, bytes: 0 };
    },
  );
  agent.destroy();
  return {
    milliseconds: median(all),
    cpuMilliseconds: cpuMicrosecondsPerRequest / 1000,
    loopDelayP99Ms,
    loopDelayMaxMs,
  };
}
