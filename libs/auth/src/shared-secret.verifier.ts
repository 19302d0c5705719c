import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';

import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';

import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

/** One secret for all writers, from the configuration or from a file. Kept and compared as a digest only. */
@Injectable()
export class SharedSecretVerifier extends TokenVerifier implements OnModuleInit {
  private readonly configured: Buffer | undefined;
  private readonly file: string | undefined;
  private fromFile: { readonly seen: string; readonly digest: Buffer } | undefined;

  constructor(@Inject(AUTH_OPTIONS) options: AuthOptions) {
    super();
    this.configured = options.token === undefined ? undefined : digestOf(options.token);
    this.file = options.tokenFile;
  }

  /** Fails the start when the token file cannot be used. */
  async onModuleInit(): Promise<void> {
    await this.secret();
  }

  async verify(token: string): Promise<Principal | undefined> {
    const secret = await this.secret();
    if (secret === undefined) return undefined;
    return timingSafeEqual(digestOf(token), secret) ? { name: 'auth_token' } : undefined;
  }

  private async secret(): Promise<Buffer | undefined> {
    return this.file === undefined ? this.configured : this.readSecret(this.file);
  }

  /** The file's secret, read anew when the file is another one than last time, as after a rotation. */
  private async readSecret(file: string): Promise<Buffer> {
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
      const seen = [ino, size, mtimeNs, ctimeNs].join('-');
      if (this.fromFile?.seen === seen) return this.fromFile.digest;
      const token = (await readFile(file, 'utf8')).trim();
      if (token === '') throw new Error('it is empty');
      if (!/^[\x21-\x7e]+$/.test(token)) throw new Error('a token is printable ASCII without spaces');
      const digest = digestOf(token);
      this.fromFile = { seen, digest };
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
