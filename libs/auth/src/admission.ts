import type { IncomingMessage, ServerResponse } from 'node:http';

import { Inject, Injectable } from '@nestjs/common';

import { AttemptLimiter, tooManyAttempts } from './attempt-limiter.js';
import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthContext, type AuthOptions } from './auth.options.js';
import { Permissions } from './permissions.js';
import { principalOf } from './principal-of.js';
import { requestToken } from './request-token.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

/** Finds out who asks, and lets readers in where reads are closed: for routes, and for addresses that have none. */
@Injectable()
export class Admission {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly attempts: AttemptLimiter,
    private readonly permissions: Permissions,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  /** Whether reads ask for a token. */
  get closesReads(): boolean {
    return this.options.closesReads === true;
  }

  /** The owner of the token of a request, whom its context has from now on. Rejects with `AuthError`. */
  async identify(request: IncomingMessage, response: ServerResponse): Promise<Principal> {
    const asker = this.options.contextOf(request);
    asker.isPrivate = this.closesReads;
    const token = requestToken(request, this.options);
    if (token === undefined) {
      throw this.unauthorized('This needs a token: send the header "Authorization: Bearer <token>".');
    }
    try {
      const principal = await principalOf(this.verifier, token);
      if (principal === undefined) throw this.unauthorized('The token is not valid.');
      asker.principal = principal;
      return principal;
    } catch (error) {
      if (error instanceof AuthError && error.code === 'unauthorized') {
        await this.countAttempt(asker, response, error.owner);
        throw this.unauthorized(error.message, error.owner);
      }
      throw error;
    }
  }

  /** Lets in who may read, and who comes by a signed link. Rejects with `AuthError`. Call it only where reads are closed. */
  async admitReader(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // First, for clients send along what they have for GitHub.
    const link = this.options.linkOf?.(request);
    if (link === 'valid') {
      this.options.contextOf(request).isPrivate = true;
      return;
    }
    if (link !== undefined && request.headers.authorization === undefined) {
      this.options.contextOf(request).isPrivate = true;
      const why = link === 'expired' ? 'has expired' : 'is not valid for this address';
      throw this.unauthorized(`This signed link ${why}: get a new one where it came from, or send a token.`);
    }
    await this.permissions.require(await this.identify(request, response), { scope: 'read' });
  }

  private unauthorized(message: string, owner?: string): AuthError {
    return new AuthError('unauthorized', message, { owner, takesBasic: this.closesReads });
  }

  /** Throws for an address that has sent too many wrong tokens, after a while. A valid token never comes here. */
  private async countAttempt(
    { address }: AuthContext,
    response: ServerResponse,
    owner: string | undefined,
  ): Promise<void> {
    const attempt = await this.attempts.failed(address, owner);
    const refusal = tooManyAttempts(attempt, owner);
    if (refusal === undefined) return;
    if (!attempt.wasDelayed) response.setHeader('Connection', 'close');
    throw refusal;
  }
}
