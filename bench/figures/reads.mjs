// Small answers: the release of all packages, a package of 64 kB, and both asked for by who has them.
import { contestantsFor, running } from '../contestants.mjs';
import { small } from '../load/small.mjs';
import { measured } from '../measure.mjs';
import { packageName, RELEASE_FILES, seedReleases } from '../seed.mjs';

const BYTES = 64 * 1024;
/** As the load asks; fetch would ask for compressed answers. */
const IDENTITY = { headers: { 'Accept-Encoding': 'identity' } };

export const figures = {
  latest: { title: 'GET /latest, 34 assets', kind: 'latest', isKnown: false },
  'latest-304': { title: 'GET /latest, 304', kind: 'latest', isKnown: true },
  package: { title: 'GET a package of 64 kB', kind: 'asset', isKnown: false },
  'package-304': { title: 'GET a package of 64 kB, 304', kind: 'asset', isKnown: true },
};

export async function run(bench, wanted) {
  const seed = (storage) => seedReleases(storage, { count: RELEASE_FILES.length, bytes: BYTES });
  for (const kind of ['latest', 'asset']) {
    const names = wanted.filter((name) => figures[name].kind === kind);
    if (names.length === 0) continue;
    const options = async ([server]) => ({ seed, prepared: await preparedBodies(server?.url) });
    await running(await contestantsFor(kind, bench), bench.directory, options, async (contestants) => {
      for (const name of names) {
        await bench.compare(name, figures[name], contestants, (one) => measure(bench, figures[name], one));
      }
    });
  }
}

async function measure(bench, { kind, isKnown }, contestant) {
  const { url, assets } = contestant;
  const address = kind === 'latest' ? `${url}/latest` : `${url}${assets}${packageName(0)}`;
  const headers = isKnown ? await validator(address) : {};
  return measured(contestant, () => small(address, { seconds: bench.seconds, headers }));
}

/** What peers answer from memory or a file: the very bytes and headers of the server. */
async function preparedBodies(url) {
  if (url === undefined) return {};
  const response = await fetch(`${url}/latest`, IDENTITY);
  const body = Buffer.from(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  // Node sets these itself.
  for (const name of ['date', 'connection', 'keep-alive']) delete headers[name];
  return { '/latest': { headers, body: body.toString('base64') } };
}

/** What makes the next answer a 304. */
async function validator(address) {
  const response = await fetch(address, IDENTITY);
  await response.arrayBuffer();
  const { headers } = response;
  const etag = headers.get('etag');
  return etag === null ? { 'If-Modified-Since': headers.get('last-modified') } : { 'If-None-Match': etag };
}
