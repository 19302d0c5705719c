import type { IncomingMessage, ServerResponse } from 'node:http';

import { Inject, Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';

import { Admission } from './admission.js';
import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';

const PUBLIC = 'auth:public';
const OPEN = 'auth:open';
const SAFE = new Set(['GET', 'HEAD']);

/**
 * Opens a controller or route to everybody who may read: no token is asked for, and one that is sent is ignored. Where
 * reads are closed, a token with the scope `read` is asked for.
 */
export const Public = (): ClassDecorator & MethodDecorator => SetMetadata(PUBLIC, true);

/** Opens a controller or route to everybody, also where reads are closed: it must tell nothing of what is stored. */
export const Open = (): ClassDecorator & MethodDecorator => SetMetadata(OPEN, true);

/** Whether a route is {@link Public} or {@link Open}. @param declaredBy - Its method, and the class of its controller. */
export function isPublic(declaredBy: readonly object[]): boolean {
  return isMarked(PUBLIC, declaredBy) || isMarked(OPEN, declaredBy);
}

function isMarked(mark: string, declaredBy: readonly object[]): boolean {
  return declaredBy.some((one) => Reflect.getMetadata(mark, one) === true);
}

/**
 * Asks for a token wherever a route is not {@link Public}, and for one that may read where it is, and reads are closed:
 * before the body is read and before anything is looked up. Rejects with `AuthError`.
 */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    private readonly admission: Admission,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const declaredBy = [context.getHandler(), context.getClass()];
    const { closesReads } = this.admission;
    const isOpen = isMarked(OPEN, declaredBy) || (isPublic(declaredBy) && !closesReads);
    if (isOpen) return true;
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<IncomingMessage>(), http.getResponse<ServerResponse>()];
    if (isPublic(declaredBy)) {
      await this.admission.admitReader(request, response);
      return true;
    }
    // What tells readers of themselves is there for them.
    const isRead = closesReads && SAFE.has(request.method ?? '');
    if (this.options.readOnly && !isRead) throw new AuthError('read_only', 'This server is read-only.');
    await this.admission.identify(request, response);
    return true;
  }
}
