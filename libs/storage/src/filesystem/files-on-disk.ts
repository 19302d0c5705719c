import { lstatSync, type BigIntStats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';

import { Logger } from '@nestjs/common';

import { errnoOf, unless } from '../errno.js';
import { inParallel } from '../parallel.js';
import type { ReleaseRecord } from '../release-record.js';
import { tagOfFolder } from '../release-tag.js';
import { fingerprintOf, modifiedAt } from './fingerprint.js';
import type { Layout } from './layout.js';
import { readRecord } from './record-file.js';

const PARALLEL_STATS = 32;

/** A regular file as it was found. */
export interface FoundFile {
  readonly fingerprint: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970, within the years that a package may be of. */
  readonly createdAt: number;
  readonly stats: BigIntStats;
}

/** What was found under a name: a regular file, or what else is there. */
export type Found = FoundFile | 'a directory' | 'nothing';

/** What lies in the directory at the moment of the call. Keeps nothing. */
export class FilesOnDisk {
  private readonly logger = new Logger('storage');

  constructor(private readonly layout: Layout) {}

  async file(name: string): Promise<FoundFile | undefined> {
    const found = await this.find(name);
    return typeof found === 'string' ? undefined : found;
  }

  /**
   * Looks at files, and tells of each together with what `before` says of it when the look begins. With `isLocal`, where
   * no disk but one of this machine can keep it waiting, it asks directly, which costs a third of what many threads cost.
   */
  async each<T>(
    names: readonly string[],
    isLocal: boolean,
    before: (name: string) => T,
    onFile: (name: string, before: T, file: Found) => void,
  ): Promise<void> {
    if (isLocal) {
      for (const name of names) {
        const stats = lstatSync(this.layout.package(name), { bigint: true, throwIfNoEntry: false });
        onFile(name, before(name), foundOf(stats));
      }
      return;
    }
    await inParallel(names, PARALLEL_STATS, async (name) => {
      const known = before(name);
      onFile(name, known, await this.find(name));
    });
  }

  root(): Promise<BigIntStats> {
    return stat(this.layout.root, { bigint: true });
  }

  /** The folder of a release; undefined where there is none. */
  async folder(folder: string): Promise<BigIntStats | undefined> {
    const stats = await this.stats(this.layout.folder(folder));
    return stats?.isDirectory() === true && tagOfFolder(folder) !== undefined ? stats : undefined;
  }

  /** Names in the folder of a release; none where it is gone. */
  async namesIn(folder: string): Promise<string[]> {
    let names: string[] = [];
    await unless(['ENOENT', 'ENOTDIR'], async () => {
      names = await this.layout.namesIn(folder);
    });
    return names;
  }

  async recordFingerprint(folder: string): Promise<string | undefined> {
    const stats = await this.stats(this.layout.record(folder));
    return stats === undefined ? undefined : fingerprintOf(stats);
  }

  /** The record that lies in a folder. One that cannot be read hides the release: it may be a draft. */
  async record(
    folder: string,
    tag: string,
  ): Promise<{ record: ReleaseRecord | undefined; isHidden: boolean }> {
    const path = this.layout.record(folder);
    const read = await readRecord(path, tag).catch((error: unknown) => {
      const errno = errnoOf(error);
      if (errno === undefined) throw error;
      return errno === 'ENOENT' ? undefined : { flaw: `: ${errno}` };
    });
    if (read === undefined) return { record: undefined, isHidden: false };
    if ('record' in read) return { record: read.record, isHidden: read.record.isDraft };
    this.logger.warn(`${path}${read.flaw}: the release is hidden until that is fixed`);
    return { record: undefined, isHidden: true };
  }

  private async find(name: string): Promise<Found> {
    return foundOf(await this.stats(this.layout.package(name)));
  }

  private async stats(path: string): Promise<BigIntStats | undefined> {
    let stats: BigIntStats | undefined;
    await unless(['ENOENT', 'ENOTDIR'], async () => {
      stats = await lstat(path, { bigint: true });
    });
    return stats;
  }
}

function foundOf(stats: BigIntStats | undefined): Found {
  if (stats?.isFile() !== true) return stats?.isDirectory() === true ? 'a directory' : 'nothing';
  return { fingerprint: fingerprintOf(stats), size: Number(stats.size), createdAt: modifiedAt(stats), stats };
}
