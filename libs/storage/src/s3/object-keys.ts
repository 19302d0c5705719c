import { randomUUID } from 'node:crypto';

/** The last part of the key of a record's blob, which no package can have. */
const RECORD = '.release.json';

/**
 * Where things lie in the bucket:
 *
 *     <prefix>index.json                      what is stored
 *     <prefix>packages/<uuid>/<name>          the bytes of one revision of a package
 *     <prefix>releases/<uuid>/<file>          the same of one in the folder of a release, whatever its tag is by now
 *     <prefix>releases/<uuid>/.release.json   a copy of one record of a release, which a repair of the index reads
 *     <prefix>probe/<uuid>                    what a start tries the bucket out with
 *
 * Those of releases lie apart, out of sight of versions of the server that know of none.
 */
export class ObjectKeys {
  readonly index: string;
  /** What the keys of the blobs of packages begin with. No object but these and `ofReleases` is the server's to delete. */
  readonly blobs: string;
  /** What the keys of the blobs of releases begin with. */
  readonly ofReleases: string;
  readonly probes: string;

  constructor(prefix: string) {
    this.index = `${prefix}index.json`;
    this.blobs = `${prefix}packages/`;
    this.ofReleases = `${prefix}releases/`;
    this.probes = `${prefix}probe/`;
  }

  /** A key for the bytes of a package, which no object ever had. */
  newBlob(name: string): string {
    const slash = name.indexOf('/');
    const prefix = slash < 0 ? this.blobs : this.ofReleases;
    return `${prefix}${randomUUID()}/${name.slice(slash + 1)}`;
  }

  /** A key for a copy of a record, which no object ever had. */
  newRecord(): string {
    return `${this.ofReleases}${randomUUID()}/${RECORD}`;
  }
}

/** Whether a key is one of a package of that name. */
export function isKeyOf(key: string, name: string): boolean {
  return key.endsWith(`/${name.slice(name.indexOf('/') + 1)}`);
}

/** Whether a key is one of a copy of a record. */
export function isKeyOfRecord(key: string): boolean {
  return isKeyOf(key, RECORD);
}

/** The name of the file, or what else it is, for which a blob was written, by its key. */
export function fileIn(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}
