import { createHash, timingSafeEqual } from 'node:crypto';

import { Inject, Injectable } from '@nestjs/common';

import { AuthError } from '../auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from '../auth.options.js';
import { TokenVerifier, type Principal } from '../token-verifier.js';
import type { NamedToken } from './named-token.js';

interface Known {
  readonly digest: Buffer;
  readonly token: NamedToken;
}

/** Knows tokens by their digests, however many there are. An expired one is told so, for its owner has the secret. */
@Injectable()
export class NamedTokenVerifier extends TokenVerifier {
  private list: readonly NamedToken[] = [];
  private known: ReadonlyMap<string, Known> = new Map();

  constructor(@Inject(AUTH_OPTIONS) private readonly options: AuthOptions) {
    super();
  }

  async verify(token: string): Promise<Principal | undefined> {
    const known = this.current();
    if (known.size === 0) return undefined;
    const digest = createHash('sha256').update(token).digest();
    const found = known.get(digest.toString('hex'));
    if (found === undefined || !timingSafeEqual(found.digest, digest)) return undefined;
    const { name, expiresAt = Infinity, scopes, packages, releases } = found.token;
    if (expiresAt <= Date.now()) {
      throw new AuthError(
        'unauthorized',
        `The token ${name} expired at ${new Date(expiresAt).toISOString()}.`,
        {
          owner: name,
        },
      );
    }
    return { name, kind: 'token', grant: { scopes, packages, releases } };
  }

  /** Those that are valid now by their digests. */
  private current(): ReadonlyMap<string, Known> {
    const { tokens = [] } = this.options.tokens ?? {};
    if (tokens !== this.list) {
      this.known = new Map(
        tokens.map((token) => [token.sha256, { token, digest: Buffer.from(token.sha256, 'hex') }]),
      );
      this.list = tokens;
    }
    return this.known;
  }
}
