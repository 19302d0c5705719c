// Large files, to one client and to eight.
import { contestantsFor, running } from '../contestants.mjs';
import { transfers } from '../load/transfers.mjs';
import { measured } from '../measure.mjs';
import { packageName, seedReleases } from '../seed.mjs';

const BYTES = 100_000_000;
const PER_SECOND = 16;

export const figures = {
  'download-1': { title: 'GET 100 MB, one stream', unit: 'MB/s', streams: 1 },
  'download-8': { title: 'GET 100 MB, eight streams', unit: 'MB/s', streams: 8 },
};

export async function run(bench, wanted) {
  const seed = (storage) => seedReleases(storage, { count: 1, bytes: BYTES });
  await running(await contestantsFor('asset', bench), bench.directory, { seed }, async (contestants) => {
    for (const name of wanted) {
      const { streams } = figures[name];
      const job = { method: 'GET', streams, requests: bench.seconds * PER_SECOND };
      await bench.compare(name, figures[name], contestants, (one) =>
        measured(one, () => transfers({ ...job, url: `${one.url}${one.assets}${packageName(0)}` })),
      );
    }
  });
}
