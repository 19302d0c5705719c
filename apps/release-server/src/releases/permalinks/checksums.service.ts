import { Injectable } from '@nestjs/common';

import { prepareCatalog, type Release } from '#releases';
import { fileOf, notFound, type StoreSnapshot } from '#storage';

import { BusyError } from '../../http/busy.error.js';
import { prepareBody, type PreparedBody } from '../../http/prepared-body.js';
import { PreparedBodies } from '../../http/prepared-bodies.js';
import { withSnapshot } from '../../http/with-snapshot.js';
import type { Snapshots } from '../../packages/reader-views.js';

/** The file that is made of the digests of a release where none of that name is stored. */
export const CHECKSUMS_FILE = 'SHA256SUMS';
/** Seconds after which digests that are being computed may be known. */
const RETRY_AFTER_SECONDS = 2;

/** Makes the checksums of releases, each list once for as long as the packages stay the same. */
@Injectable()
export class ChecksumsService {
  private readonly prepared = new PreparedBodies<StoreSnapshot>();

  /** Of the public release of that tag. Rejects with `package_not_found` where there is nothing to sum up, and with `BusyError` while a digest is not known: a list never lacks a package. */
  of(tag: string, from: Snapshots): PreparedBody | Promise<PreparedBody> {
    return withSnapshot(from, async (snapshot) => {
      const release = (await prepareCatalog(snapshot)).byTag(tag);
      if (release === undefined || release.assets.length === 0) throw notFound(CHECKSUMS_FILE);
      return this.prepared.get(snapshot, release.tag, () =>
        prepareBody('text/plain; charset=utf-8', checksumsOf(release)),
      );
    });
  }
}

/** In the form of `sha256sum --check`, sorted by name. Of two packages of one name it has the one that is downloaded by it. */
function checksumsOf({ assets }: Release): string {
  const files = new Map(assets.toReversed().map((stored) => [fileOf(stored), stored.sha256]));
  const lines = [...files].map(([file, sha256]) => {
    if (sha256 !== undefined) return { file, line: `${sha256}  ${file}\n` };
    throw new BusyError(
      `The digest of ${file} is being computed; try again in a moment.`,
      RETRY_AFTER_SECONDS,
    );
  });
  lines.sort((one, other) => (one.file < other.file ? -1 : 1));
  return lines.map(({ line }) => line).join('');
}
