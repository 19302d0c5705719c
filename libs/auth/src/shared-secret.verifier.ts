import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';

import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { stampOf } from './file-stamp.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

/** Characters of a token that cannot be guessed. */
const MIN_LENGTH = 16;
/** A token that stands in this project's documentation and configuration for trying it out. */
const PUBLISHED = 'local-development-token';

const OWNER: Principal = { name: 'auth_token', kind: 'shared_secret' };

/** One secret for all writers, from the configuration or from a file. Kept and compared as a digest only. */
@Injectable()
export class SharedSecretVerifier extends TokenVerifier implements OnModuleInit {
  private readonly logger = new Logger('auth');
  private readonly configured: Buffer | undefined;
  private readonly isLocal: boolean;
  private readonly configuredWeakness: string | undefined;
  private readonly file: string | undefined;
  private isStarted = false;
  private fromFile: { readonly seen: string; readonly digest: Buffer } | undefined;

  constructor(@Inject(AUTH_OPTIONS) options: AuthOptions) {
    super();
    this.configured = options.token === undefined ? undefined : digestOf(options.token);
    this.file = options.tokenFile;
    this.isLocal = options.isLocal;
    this.configuredWeakness = options.token === undefined ? undefined : this.weaknessOf(options.token);
  }

  /** Fails the start when the token file cannot be used. */
  async onModuleInit(): Promise<void> {
    if (this.file === undefined) this.warn('auth_token', this.configuredWeakness);
    await this.secret();
  }

  async verify(token: string): Promise<Principal | undefined> {
    const secret = await this.secret();
    if (secret === undefined) return undefined;
    return timingSafeEqual(digestOf(token), secret) ? OWNER : undefined;
  }

  private weaknessOf(token: string): string | undefined {
    if (token.length < MIN_LENGTH) return `has fewer than ${MIN_LENGTH} characters and can be guessed`;
    return token === PUBLISHED && !this.isLocal ? 'is published and known to everybody' : undefined;
  }

  private warn(what: string, weakness: string | undefined): void {
    if (weakness === undefined) return;
    this.logger.warn(`${what} ${weakness}: make another one with "openssl rand -hex 32"`);
  }

  private async secret(): Promise<Buffer | undefined> {
    return this.file === undefined ? this.configured : this.readSecret(this.file);
  }

  /** The file's secret, read anew when the file is another one than last time, as after a rotation. */
  private async readSecret(file: string): Promise<Buffer> {
    try {
      const stats = await stat(file, { bigint: true });
      const seen = stampOf(stats);
      if (this.fromFile?.seen === seen) return this.fromFile.digest;
      // A pipe can be read once, at the start; later each token would wait for who writes into it.
      if (this.isStarted && !stats.isFile()) throw new Error('it is no file any more');
      const token = (await readFile(file, 'utf8')).trim();
      if (token === '') throw new Error('it is empty');
      if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('a token is printable ASCII without spaces');
      const digest = digestOf(token);
      this.fromFile = { seen, digest };
      this.isStarted = true;
      this.warn(`the token in auth_token_file ${file}`, this.weaknessOf(token));
      return digest;
    } catch (error) {
      this.fromFile = undefined;
      const why = error instanceof Error ? error.message : String(error);
      throw new AuthError('token_unavailable', `auth_token_file ${file} cannot be used: ${why}`, {
        cause: error,
      });
    }
  }
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
