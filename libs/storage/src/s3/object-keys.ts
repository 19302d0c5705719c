import { randomUUID } from 'node:crypto';

/**
 * Where things lie in the bucket:
 *
 *     <prefix>index.json               what is stored
 *     <prefix>packages/<uuid>/<name>   the bytes of one revision
 *     <prefix>probe/<uuid>             what a start tries the bucket out with
 */
export class ObjectKeys {
  readonly index: string;
  /** What the keys of all blobs begin with; no other object is the server's to delete. */
  readonly blobs: string;
  readonly probes: string;

  constructor(prefix: string) {
    this.index = `${prefix}index.json`;
    this.blobs = `${prefix}packages/`;
    this.probes = `${prefix}probe/`;
  }

  /** A key for the bytes of a package, which no object ever had. */
  newBlob(name: string): string {
    return `${this.blobs}${randomUUID()}/${name}`;
  }

  /** The name for which a blob was written, by its key. */
  nameIn(blob: string): string {
    const rest = blob.slice(this.blobs.length);
    return rest.slice(rest.indexOf('/') + 1);
  }
}

/** Whether a key is one of a package of that name. */
export function isKeyOf(key: string, name: string): boolean {
  return key.endsWith(`/${name}`);
}
