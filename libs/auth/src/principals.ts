import type { IncomingMessage } from 'node:http';

import { Inject, Injectable } from '@nestjs/common';

import { AttemptLimiter, tooManyAttempts } from './attempt-limiter.js';
import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { principalOf } from './principal-of.js';
import { requestToken } from './request-token.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

/** Tells who asks on a public route, whose answer may have more for some. Ask only where it has. */
@Injectable()
export class Principals {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly attempts: AttemptLimiter,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  /**
   * The owner of the token of a request, undefined without one and on a read-only server. A wrong token is nobody's, and so
   * is one that has expired, for clients send on reads what they have for GitHub; it counts as an attempt, and waits where
   * there were too many. Rejects with `token_unavailable`, and `too_many_attempts` where too many wait.
   */
  async of(request: IncomingMessage): Promise<Principal | undefined> {
    if (this.options.readOnly) return undefined;
    const asker = this.options.contextOf(request);
    if (asker.principal !== undefined) return asker.principal;
    const token = requestToken(request, this.options);
    if (token === undefined) return undefined;
    try {
      const principal = await principalOf(this.verifier, token);
      if (principal === undefined) await this.countAttempt(asker.address);
      else asker.principal = principal;
      return principal;
    } catch (error) {
      if (!(error instanceof AuthError) || error.code !== 'unauthorized') throw error;
      await this.countAttempt(asker.address, error.owner);
      return undefined;
    }
  }

  private async countAttempt(address: string, owner?: string): Promise<void> {
    const attempt = await this.attempts.failed(address, owner);
    const refusal = tooManyAttempts(attempt, owner);
    if (refusal !== undefined && !attempt.wasDelayed) throw refusal;
  }
}
