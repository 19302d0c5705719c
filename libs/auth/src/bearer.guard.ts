import type { IncomingMessage, ServerResponse } from 'node:http';

import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';

import { AttemptLimiter } from './attempt-limiter.js';
import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthContext, type AuthOptions } from './auth.options.js';
import { bearerToken } from './bearer-token.js';
import { principalOf } from './principal-of.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

const PUBLIC = 'auth:public';

/** Opens a controller or route to everybody: no token is asked for, and one that is sent is ignored. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC, true);

/** Whether a route is {@link Public}. @param declaredBy - Its method, and the class of its controller. */
export function isPublic(declaredBy: readonly object[]): boolean {
  return declaredBy.some((one) => Reflect.getMetadata(PUBLIC, one) === true);
}

/**
 * Asks for a bearer token (RFC 6750 §2.1) wherever a route is not {@link Public}, before the body is read and
 * before anything is looked up. Rejects with `AuthError`.
 */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly attempts: AttemptLimiter,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const isOpen = isPublic([context.getHandler(), context.getClass()]);
    if (isOpen) return true;
    if (this.options.readOnly) throw new AuthError('read_only', 'This server is read-only.');
    const request = context.switchToHttp().getRequest<IncomingMessage>();
    const token = bearerToken(request);
    if (token === undefined) {
      throw new AuthError(
        'unauthorized',
        'This needs a token: send the header "Authorization: Bearer <token>".',
      );
    }
    const asker = this.options.contextOf(request);
    try {
      asker.principal = await this.ownerOf(token);
      return true;
    } catch (error) {
      if (error instanceof AuthError && error.code === 'unauthorized') {
        await this.countAttempt(asker, context.switchToHttp().getResponse<ServerResponse>());
      }
      throw error;
    }
  }

  private async ownerOf(token: string): Promise<Principal> {
    const principal = await principalOf(this.verifier, token);
    if (principal === undefined) throw new AuthError('unauthorized', 'The token is not valid.');
    return principal;
  }

  /** Throws for an address that has sent too many wrong tokens, after a while. A valid token never comes here. */
  private async countAttempt({ address }: AuthContext, response: ServerResponse): Promise<void> {
    const { count, retryAfter, wasDelayed } = await this.attempts.failed(address);
    if (retryAfter === undefined) return;
    if (!wasDelayed) response.setHeader('Connection', 'close');
    throw new AuthError(
      'too_many_attempts',
      'Too many wrong tokens came from this address; a valid one is taken at any time.',
      { attempts: { count, retryAfter } },
    );
  }
}
