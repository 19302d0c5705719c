import { removeObjects } from '../../support/object-store.js';
import type { ServerProcess } from '../../support/process.js';
import { prefixOf, storageEnvironment } from '../../support/storage.js';
import { StoreProxy } from '../../support/store-proxy.js';
import type { Row } from './row.js';
import type { Need } from './tools.js';

/** A real object store, of which the environment tells. */
export const objectStore: Need = () =>
  process.env['S3_ENDPOINT'] === undefined
    ? 'needs an object store: S3_ENDPOINT names none (npm run test:s3 starts one)'
    : undefined;

/** A way to the store of a row, and a replica that takes it. */
export interface Way {
  readonly proxy: StoreProxy;
  /** The environment of a server that takes this way. */
  readonly environment: Record<string, string>;
  readonly start: (environment?: Record<string, string>) => Promise<ServerProcess>;
}

/** A proxy in front of the row's own prefix of the store; several lead to the same. All of it is removed at the end. */
export async function wayOf({ server, directory, atEnd }: Row): Promise<Way> {
  const proxy = await StoreProxy.start(process.env['S3_ENDPOINT'] ?? '');
  atEnd(async () => {
    await proxy.stop();
    await removeObjects(prefixOf(directory));
  });
  const way = storageEnvironment(directory, proxy.url);
  return { proxy, environment: way, start: (environment) => server({ ...way, ...environment }) };
}
