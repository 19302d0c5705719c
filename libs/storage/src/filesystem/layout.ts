import { createHash } from 'node:crypto';
import { join } from 'node:path';

/**
 * The directory, on one file system:
 *
 *     <root>/<name>                        a package; its mtime is the publish time
 *     <root>/.release-server/incoming/     staged bytes, one file an upload
 *     <root>/.release-server/trash/        packages on their way out, until the publish is durable
 *     <root>/.release-server/meta/         digests, a cache
 */
export class Layout {
  readonly incoming: string;
  readonly trash: string;
  readonly meta: string;
  /** Held by the one process that may write where the file system has no hard links. */
  readonly lock: string;

  constructor(readonly root: string) {
    const own = join(root, '.release-server');
    this.incoming = join(own, 'incoming');
    this.trash = join(own, 'trash');
    this.meta = join(own, 'meta');
    this.lock = join(own, 'lock');
  }

  package(name: string): string {
    return join(this.root, name);
  }

  metadata(name: string): string {
    return join(this.meta, `${createHash('sha256').update(name).digest('hex')}.json`);
  }
}
