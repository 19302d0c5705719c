// From the command to the first answer that it is ready: after an unchanged build, and with many known packages.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { digestsKnown } from '../server.mjs';
import { freePort, run as runProgram } from '../process.mjs';
import { seedReleases } from '../seed.mjs';

const KNOWN = 10_000;

export const figures = {
  start: { title: 'npm start, unchanged build', unit: 's', count: 0 },
  'start-many': { title: 'npm start, 10,000 known packages', unit: 's', count: KNOWN },
};

export async function run(bench, wanted) {
  for (const name of wanted) {
    const { count } = figures[name];
    const contestants = [];
    for (const { name: build, checkout } of bench.checkouts) {
      const storage = join(bench.directory, build);
      await seedReleases(storage, { count, bytes: 256 });
      contestants.push({ name: build, checkout, storage });
      await startAndStop({ checkout, storage });
    }
    if (bench.hasPeers)
      contestants.push({ name: 'an empty npm start', ...(await emptyPackage(bench.directory)) });
    await bench.compare(name, figures[name], contestants, startAndStop);
    for (const { storage } of contestants) await rm(storage, { recursive: true });
  }
}

async function startAndStop({ checkout, storage }) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { PORT: String(port), STORAGE_PATH: storage, MAX_PACKAGES: 'null' };
  const start = performance.now();
  const program = await runProgram(['npm', 'start'], {
    log: `${storage}.log`,
    cwd: checkout,
    env: environment,
  });
  await program.ready(port, `${url}/readyz`);
  const seconds = (performance.now() - start) / 1000;
  const cpuSeconds = await program.cpuSeconds();
  await digestsKnown(url);
  await program.stop();
  return { seconds, cpuSeconds };
}

/** What npm, a shell and Node cost for themselves. */
async function emptyPackage(directory) {
  const checkout = join(directory, 'empty');
  await mkdir(checkout);
  await writeFile(
    join(checkout, 'package.json'),
    JSON.stringify({ scripts: { start: 'exec node server.mjs' } }),
  );
  const program = `import { createServer } from 'node:http';
    createServer((_, response) => response.end('[]')).listen(process.env.PORT, '127.0.0.1');`;
  await writeFile(join(checkout, 'server.mjs'), program);
  return { checkout, storage: checkout };
}
