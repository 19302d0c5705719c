import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

import { SharedRun } from '../shared-run.js';
import { fingerprintOf, tickOf } from './fingerprint.js';

const CHUNK_BYTES = 256 * 1024;

type OnDigest = (name: string, fingerprint: string, sha256: string) => void;

/** Hashes files that came in by hand, one after the other, in the background. */
export class Digester {
  private readonly waiting = new Map<string, { fingerprint: string; path: string }>();
  private readonly runs = new SharedRun(() => this.run());
  private closed = false;

  constructor(private readonly onDigest: OnDigest) {}

  enqueue(name: string, fingerprint: string, path: string): void {
    this.waiting.set(name, { fingerprint, path });
    void this.runs.join();
  }

  /** Whether no file is being hashed, and none waits for it. */
  get isIdle(): boolean {
    return this.runs.inFlight === undefined;
  }

  /** Gives up what waits, and resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.runs.inFlight;
  }

  private async run(): Promise<void> {
    for (;;) {
      const [first] = this.waiting;
      if (first === undefined || this.closed) return;
      const [name, { fingerprint, path }] = first;
      this.waiting.delete(name);
      // A file that cannot be read, or changed meanwhile, has no digest; the index looks at it again when it changes.
      const sha256 = await this.digest(path, fingerprint).catch(() => undefined);
      if (sha256 !== undefined) this.onDigest(name, fingerprint, sha256);
    }
  }

  private async digest(path: string, fingerprint: string): Promise<string | undefined> {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await file.stat({ bigint: true });
      if (fingerprintOf(stats) !== fingerprint) return undefined;
      // A write within the same tick leaves no trace: wait until that is over.
      const age = Date.now() - Number(stats.ctimeNs / 1_000_000n);
      if (Math.abs(age) <= tickOf(stats)) await delay(tickOf(stats));
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      while (!this.closed) {
        const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) break;
        hash.update(buffer.subarray(0, bytesRead));
      }
      const unchanged = fingerprintOf(await file.stat({ bigint: true })) === fingerprint;
      return unchanged && !this.closed ? hash.digest('hex') : undefined;
    } finally {
      await file.close();
    }
  }
}
