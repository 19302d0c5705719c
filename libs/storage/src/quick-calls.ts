import * as fs from 'node:fs';
import type { BigIntStats } from 'node:fs';
import * as fsp from 'node:fs/promises';
import { promisify } from 'node:util';

import { isOnLocalFilesystem } from './local-filesystem.js';

/** A call that took longer waited for a disk. The others take some ten microseconds. */
const STALL_MS = 5;
/** Calls take the way through the thread pool for so long after one that waited. */
const WARY_MS = 1000;
/** Larger writes take longer than the way through the thread pool. */
const SMALL_WRITE_BYTES = 64 * 1024;

const [openFd, syncFd, closeFd] = [promisify(fs.open), promisify(fs.fsync), promisify(fs.close)];

/** A file that is being written for the first time. */
export interface NewFile {
  /** Appends, all of it or less: how many bytes. */
  write(bytes: Uint8Array): Promise<number>;
  /** Always waits, and so always in the thread pool. */
  sync(): Promise<void>;
  /** To be called once; does nothing after that. */
  close(): Promise<void>;
}

/**
 * Calls of a publish that wait for no other machine and for no disk: a local file system has names and inodes in memory
 * and answers in some microseconds, where the thread pool takes fifty and more. So they are made where they are needed,
 * and in the pool on a network file system, which may take any time, and for a while after one had to wait: a call may
 * meet a commit of the journal, which takes as long as its disk does. Syncs are not among them, for they always wait.
 * All fail as those of `node:fs` do.
 */
export class QuickCalls {
  private isLocal = false;
  private waryUntil = 0;

  /** Before that, all calls take the way through the thread pool. */
  async start(root: string): Promise<void> {
    this.isLocal = await isOnLocalFilesystem(root);
  }

  async lstat(path: string): Promise<BigIntStats> {
    const options = { bigint: true } as const;
    return this.isDirect() ? this.timed(() => fs.lstatSync(path, options)) : fsp.lstat(path, options);
  }

  /** @param seconds - Since the epoch, for both times. */
  async utimes(path: string, seconds: number): Promise<void> {
    if (!this.isDirect()) return fsp.utimes(path, seconds, seconds);
    this.timed(() => fs.utimesSync(path, seconds, seconds));
  }

  async link(from: string, to: string): Promise<void> {
    if (!this.isDirect()) return fsp.link(from, to);
    this.timed(() => fs.linkSync(from, to));
  }

  async unlink(path: string): Promise<void> {
    if (!this.isDirect()) return fsp.unlink(path);
    this.timed(() => fs.unlinkSync(path));
  }

  /** Makes a file that must not be there. */
  async create(path: string, mode: number): Promise<NewFile> {
    const flags = 'wx';
    const fd = this.isDirect()
      ? this.timed(() => fs.openSync(path, flags, mode))
      : await openFd(path, flags, mode);
    let isOpen = true;
    return {
      write: (bytes) => this.write(fd, bytes),
      sync: () => syncFd(fd),
      close: async () => {
        if (!isOpen) return;
        isOpen = false;
        if (!this.isDirect()) return closeFd(fd);
        this.timed(() => fs.closeSync(fd));
      },
    };
  }

  /** Writes to where the file is at, or less than all of it: how many bytes. */
  async write(fd: number, bytes: Uint8Array): Promise<number> {
    if (bytes.length <= SMALL_WRITE_BYTES && this.isDirect())
      return this.timed(() => fs.writeSync(fd, bytes));
    return new Promise((resolve, reject) => {
      fs.write(fd, bytes, (error, written) => (error === null ? resolve(written) : reject(error)));
    });
  }

  private isDirect(): boolean {
    return this.isLocal && performance.now() >= this.waryUntil;
  }

  private timed<T>(call: () => T): T {
    const began = performance.now();
    try {
      return call();
    } finally {
      const now = performance.now();
      if (now - began > STALL_MS) this.waryUntil = now + WARY_MS;
    }
  }
}
