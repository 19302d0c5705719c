import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { get, json } from '../../support/client.js';
import type { ServerProcess } from '../../support/process.js';
import type { Row } from './row.js';

const PACKAGES = 10_000;

/** Starts a server on 10,000 packages, and waits until nothing changes what is listed any more. */
export async function serveMany({
  server,
  directory,
}: Pick<Row, 'server' | 'directory'>): Promise<ServerProcess> {
  const files = Array.from({ length: PACKAGES }, (_, index) => `tool-${index % 100}-v1.${index}.0.zip`);
  for (let index = 0; index < PACKAGES; index += 500) {
    const some = files.slice(index, index + 500);
    await Promise.all(some.map((name) => writeFile(join(directory, name), name)));
  }
  const started = await server({ MAX_PACKAGES: 'null' });
  for (;;) {
    const packages = await json<{ sha256: string | null }[]>(await get(started, '/packages?format=json'));
    if (packages.every(({ sha256 }) => sha256 !== null)) return started;
    await delay(1000);
  }
}
