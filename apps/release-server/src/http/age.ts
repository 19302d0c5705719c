import type { ServerResponse } from 'node:http';

import type { PackageReader } from '#storage';

/** Says how old an answer is, in seconds, that may not be the latest any more (RFC 9111 §5.1). */
export function setAge(response: ServerResponse, store: Pick<PackageReader, 'age'>): void {
  const seconds = Math.floor(store.age() / 1000);
  if (seconds > 0) response.setHeader('Age', seconds);
}
