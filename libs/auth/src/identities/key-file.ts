import { readFile, stat } from 'node:fs/promises';

import { Logger } from '@nestjs/common';
import type { JWTVerifyGetKey } from 'jose';

import { AuthError } from '../auth.errors.js';
import { stampOf } from '../file-stamp.js';
import { keySetOf, MOST_BYTES, type KeySource } from './key-set.js';

/** The keys of an issuer from a file, which is read again when it changes. */
export class KeyFile implements KeySource {
  private readonly logger = new Logger('auth');
  private keys: JWTVerifyGetKey | undefined;
  /** What the file looked like when it was last read. */
  private seen: string | undefined;

  constructor(private readonly path: string) {}

  /** Rejects when the file cannot be used. */
  async load(): Promise<void> {
    await this.current();
  }

  readonly keyOf: JWTVerifyGetKey = async (header, token) => (await this.current())(header, token);

  /** What the file has, or had before something that cannot be used took its place. */
  private async current(): Promise<JWTVerifyGetKey> {
    let seen = 'nothing';
    try {
      const stats = await stat(this.path, { bigint: true });
      seen = stampOf(stats);
      if (this.keys !== undefined && seen === this.seen) return this.keys;
      // Each token would wait for who writes into a pipe.
      if (!stats.isFile()) throw new Error('it is no file');
      if (stats.size > MOST_BYTES) throw new Error(`more than ${MOST_BYTES / 1024} KiB`);
      this.keys = keySetOf(JSON.parse(await readFile(this.path, 'utf8')));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `jwks_file ${this.path} cannot be used: ${why}`;
      if (this.keys === undefined) throw new AuthError('token_unavailable', message, { cause: error });
      if (seen !== this.seen) this.logger.error(`${message}; the keys that it had before are kept`);
    }
    this.seen = seen;
    return this.keys;
  }
}
