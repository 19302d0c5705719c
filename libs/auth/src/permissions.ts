import { Inject, Injectable } from '@nestjs/common';

import { askVerifier } from './ask-verifier.js';
import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { TokenVerifier, type Action, type Principal } from './token-verifier.js';

/** Decides who may change which packages, on a server that lets anybody. */
@Injectable()
export class Permissions {
  constructor(
    private readonly verifier: TokenVerifier,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  /**
   * The principal, if it may do this to the package of that name. Rejects with `AuthError`: `read_only`, `unauthorized`
   * for nobody, `forbidden`, or `token_unavailable`.
   */
  async require(principal: Principal | undefined, action: Action, name: string): Promise<Principal> {
    if (this.options.readOnly) throw new AuthError('read_only', 'This server is read-only.');
    if (principal === undefined) throw new AuthError('unauthorized', 'Nobody is known to ask for this.');
    const { verifier } = this;
    const may =
      verifier.may === undefined || (await askVerifier(async () => verifier.may?.(principal, action, name)));
    if (may !== true) throw new AuthError('forbidden', `This token may not ${action} ${name}.`);
    return principal;
  }
}
