import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll } from '@jest/globals';

import { get, json } from '../../support/client.js';
import { AUTH } from '../../support/server.js';
import { makeDirectory, spawnServer, type ServerProcess } from '../../support/process.js';
import { until } from '../../support/until.js';
import type { StoredFile } from './packages.js';

/** The built server for the tests of a file. */
export interface Site {
  readonly url: string;
  readonly directory: string;
  readonly server: ServerProcess;
}

/** Starts it on a store of its own with these files in it, and removes both. */
export function useSite(
  files: readonly StoredFile[],
  environment: () => Record<string, string> = () => ({}),
): Site {
  let site: Site;
  let made: Awaited<ReturnType<typeof makeDirectory>>;
  beforeAll(async () => {
    made = await makeDirectory();
    for (const file of files) await store(made.path, file);
    const server = await spawnServer(made.path, environment());
    site = { url: server.url, directory: made.path, server };
    await until(async () => {
      const listed = await json<{ sha256: string | null }[]>(
        await get(server, '/packages?format=json', AUTH),
      );
      return listed.length === files.length && listed.every(({ sha256 }) => sha256 !== null);
    });
  });
  afterAll(async () => {
    await site.server.stop();
    await made.remove();
  });
  return {
    get url() {
      return site.url;
    },
    get directory() {
      return site.directory;
    },
    get server() {
      return site.server;
    },
  };
}

async function store(directory: string, { name, content, age }: StoredFile): Promise<void> {
  const path = join(directory, name);
  await writeFile(path, content);
  const time = (Date.now() - age) / 1000;
  await utimes(path, time, time);
}
