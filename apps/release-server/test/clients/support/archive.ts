import { chmod } from 'node:fs/promises';

import { run } from './client.js';
import type { Site } from './site.js';

/** A `.tar.gz` with one program that says which version it is. */
export async function programArchive(
  site: Site,
  name: string,
  version: string,
): Promise<Buffer<ArrayBuffer>> {
  await chmod(await site.write(`archive/${name}`, `#!/bin/sh\necho ${name} ${version}\n`), 0o755);
  await run('tar', ['-czf', 'archive.tar.gz', '-C', 'archive', name], { cwd: site.directory });
  return site.bytes('archive.tar.gz');
}
