// What a publish, a page and the release of all packages cost where few packages are, and where many are.
import { once } from 'node:events';
import { Agent, request } from 'node:http';

import { running, withPackages } from '../contestants.mjs';
import { small } from '../load/small.mjs';
import { transfers } from '../load/transfers.mjs';
import { measured } from '../measure.mjs';
import { median } from '../rounds.mjs';
import { TOKEN } from '../server.mjs';

const COUNTS = [10, 1000, 10_000];
const BYTES = 4096;
const PUBLISHES_PER_SECOND = 50;
const TIMES_PER_SECOND = 5;
const headers = { Authorization: `Bearer ${TOKEN}` };

export const figures = {
  'publish-many': { title: 'PUT 4 kB', measure: publish },
  page: {
    title: 'GET a page of 10, JSON',
    measure: page('format=json&per_page=10'),
  },
  'page-html': { title: 'GET a page of 10, HTML', measure: page('format=html&per_page=10') },
  'after-publish': { title: 'GET /latest after a publish', unit: 'ms', measure: afterPublish({}) },
  'after-publish-gzip': {
    title: 'GET /latest after a publish, gzip',
    unit: 'ms',
    measure: afterPublish({ 'Accept-Encoding': 'gzip' }),
  },
};

export async function run(bench, wanted) {
  const contestants = withPackages(bench, COUNTS);
  await running(contestants, bench.directory, {}, async (started) => {
    for (const name of wanted) {
      const { measure } = figures[name];
      await bench.compare(
        name,
        figures[name],
        started,
        (one, round) => measure(bench, one, round),
        contestants.pairs,
      );
    }
  });
}

/** One after another; what was published leaves again, so that the next round finds as many. */
async function publish(bench, contestant) {
  const requests = bench.seconds * PUBLISHES_PER_SECOND;
  const job = { url: `${contestant.url}/assets/many-NUMBER.zip`, headers, streams: 1, requests };
  const result = await measured(contestant, () => transfers({ ...job, method: 'PUT', size: BYTES }));
  await transfers({ ...job, method: 'DELETE' });
  return result;
}

function page(query) {
  return (bench, contestant) =>
    measured(contestant, () => small(`${contestant.url}/packages?${query}`, { seconds: bench.seconds }));
}

/** How long the first answer takes that says something new, and the longest stall of the event loop meanwhile. */
function afterPublish(accepted) {
  return async (bench, contestant, round) => {
    const agent = new Agent({ keepAlive: true });
    const times = [];
    let bytes = 0;
    const requests = bench.seconds * TIMES_PER_SECOND;
    const name = (at) => `${contestant.url}/assets/after-${round}-${at}.zip`;
    const result = await measured(contestant, async () => {
      for (let at = 0; at < requests; at++) {
        await exchange(agent, name(at), { method: 'PUT', headers }, Buffer.alloc(BYTES));
        const start = performance.now();
        bytes += await exchange(agent, `${contestant.url}/latest`, { headers: accepted });
        times.push(performance.now() - start);
      }
      return { requests, seconds: 1, bytes };
    });
    for (let at = 0; at < requests; at++) await exchange(agent, name(at), { method: 'DELETE', headers });
    agent.destroy();
    const { cpuMicrosecondsPerRequest, loopDelayP99Ms, loopDelayMaxMs } = result;
    return {
      milliseconds: median(times),
      cpuMilliseconds: cpuMicrosecondsPerRequest / 1000,
      answerBytes: bytes / requests,
      loopDelayP99Ms,
      loopDelayMaxMs,
    };
  };
}

/** The bytes of the answer. */
async function exchange(agent, address, options, body) {
  const [response] = await once(request(address, { agent, ...options }).end(body), 'response');
  let bytes = 0;
  for await (const chunk of response) bytes += chunk.length;
  if (response.statusCode > 299) throw new Error(`${address} answered ${response.statusCode}`);
  return bytes;
}
