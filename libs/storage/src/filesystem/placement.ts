import type { Stats } from 'node:fs';
import { link, lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Logger } from '@nestjs/common';

import { NO_HARD_LINKS, unless } from '../errno.js';
import type { QuickCalls } from '../quick-calls.js';
import type { Owner } from '../staging/owner.js';
import { lockDirectory } from './directory-lock.js';
import type { Layout } from './layout.js';

/** Makes a complete and synced file appear under a name, in one system call. */
export class Placement {
  private hardLinks = true;
  private unlock: (() => Promise<void>) | undefined;
  private readonly logger = new Logger('storage');

  constructor(
    private readonly layout: Layout,
    private readonly owner: Owner,
    private readonly calls: QuickCalls,
  ) {}

  /** Finds out whether the file system has hard links; without them, takes the directory for this process. */
  async start(): Promise<void> {
    const path = join(this.layout.incoming, `${this.owner.tag}~link`);
    const linked = `${path}ed`;
    await (await open(path, 'wx')).close();
    try {
      if (!(await unless(NO_HARD_LINKS, () => link(path, linked)))) await this.doWithoutHardLinks();
    } finally {
      await rm(path, { force: true });
      await rm(linked, { force: true });
    }
  }

  async close(): Promise<void> {
    await this.unlock?.();
  }

  /** Puts the file under a free name and says whether it was free. Of two who try, one succeeds. */
  async create(source: string, target: string): Promise<boolean> {
    if (this.hardLinks) {
      let free = false;
      const supported = await unless(NO_HARD_LINKS, async () => {
        free = await unless(['EEXIST'], () => this.calls.link(source, target));
      });
      if (supported) {
        // The package is there now, whatever becomes of its staged name; a start sweeps that.
        if (free) await this.calls.unlink(source).catch(() => undefined);
        return free;
      }
      await this.doWithoutHardLinks();
    }
    if (await unless(['ENOENT'], () => lstat(target))) return false;
    await rename(source, target);
    return true;
  }

  /** Puts the file under a name, whatever package it held; says false when it holds no file but a directory. */
  async replace(source: string, target: string): Promise<boolean> {
    return unless(['EISDIR', 'ENOTEMPTY', 'EEXIST'], () => rename(source, target));
  }

  private async doWithoutHardLinks(): Promise<void> {
    this.hardLinks = false;
    this.unlock ??= await lockDirectory(this.layout, this.owner.tag);
    this.logger.warn(
      `${this.layout.root} has no hard links: packages are created by check and rename; run one process on it`,
    );
  }
}

/** What lies at a path, with its article; undefined when nothing does. */
export async function holderOf(path: string): Promise<string | undefined> {
  let stats: Stats | undefined;
  await unless(['ENOENT'], async () => {
    stats = await lstat(path);
  });
  if (stats === undefined) return undefined;
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a directory';
  return stats.isSymbolicLink() ? 'a symbolic link' : 'a special file';
}
