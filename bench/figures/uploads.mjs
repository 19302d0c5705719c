// Large uploads, raw and as a form.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { contestantsFor, running } from '../contestants.mjs';
import { transfers } from '../load/transfers.mjs';
import { measured } from '../measure.mjs';
import { TOKEN } from '../server.mjs';

const BYTES = 100_000_000;
const PER_SECOND = 2;
const PREFIX = 'large-';
let sequence = 0;

export const figures = {
  put: { title: 'PUT 100 MB', unit: 'MB/s' },
  form: { title: 'POST 100 MB as a form', unit: 'MB/s' },
};

export async function run(bench, wanted) {
  const seed = (storage) => mkdir(storage, { recursive: true });
  await running(await contestantsFor('put', bench), bench.directory, { seed }, async (contestants) => {
    for (const name of wanted) {
      const ways = name === 'form' ? formBesideRaw(contestants) : contestants;
      await bench.compare(name, figures[name], ways, async (one) => {
        const result = await measured(one, () => transfers({ ...job(bench), ...request(one) }));
        await removeUploads(one.storage);
        return result;
      });
    }
  });
}

/** Of peers none takes one: the form of this build beside those of others, and beside its own raw upload. */
function formBesideRaw(contestants) {
  const builds = contestants.filter(({ isBuild }) => isBuild);
  return [...builds.map((build) => ({ ...build, isForm: true })), { ...builds[0], name: 'its own PUT' }];
}

const job = (bench) => ({
  headers: { Authorization: `Bearer ${TOKEN}` },
  size: BYTES,
  streams: 1,
  requests: bench.seconds * PER_SECOND,
});

/** Names that were never taken: a server may know for a moment of files that were removed under it. */
function request({ url, assets, storage, isSynced, isForm }) {
  const file = `${PREFIX}${sequence++}-NUMBER.zip`;
  if (isForm) return { method: 'POST', url: `${url}/upload`, form: file };
  return { method: 'PUT', url: `${url}${assets}${file}`, synced: isSynced ? join(storage, file) : undefined };
}

async function removeUploads(storage) {
  for (const name of await readdir(storage)) {
    if (name.startsWith(PREFIX)) await rm(join(storage, name));
  }
}
