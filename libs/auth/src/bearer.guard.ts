import type { IncomingMessage } from 'node:http';

import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { principalOf } from './principal-of.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

const PUBLIC = 'auth:public';

/** Opens a controller or route to everybody: no token is asked for, and one that is sent is ignored. */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC, true);

/** A request that passed the guard. */
export type AuthenticatedRequest = IncomingMessage & { principal?: Principal };

/**
 * Asks for a bearer token (RFC 6750 §2.1) wherever a route is not {@link Public}, before the body is read and
 * before anything is looked up. Rejects with `AuthError`.
 */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly verifier: TokenVerifier,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const isPublic = this.reflector.getAllAndOverride<boolean>(PUBLIC, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (isPublic) return true;
    if (this.options.readOnly) throw new AuthError('read_only', 'This server is read-only.');
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const token = bearerToken(request);
    const principal = token === undefined ? undefined : await principalOf(this.verifier, token);
    if (principal === undefined) {
      throw new AuthError(
        'unauthorized',
        token === undefined
          ? 'This needs a token: send the header "Authorization: Bearer <token>".'
          : 'The token is not valid.',
      );
    }
    request.principal = principal;
    return true;
  }
}

/** The token of the one `Authorization` header, if there is exactly one and its scheme is Bearer. */
function bearerToken(request: IncomingMessage): string | undefined {
  const headers = request.headersDistinct['authorization'] ?? [];
  const [header] = headers;
  if (headers.length !== 1 || header === undefined) return undefined;
  return /^Bearer +(\S+)$/i.exec(header)?.[1];
}
