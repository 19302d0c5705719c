import { Inject, Injectable } from '@nestjs/common';

import { describeAccess, type Access } from './access.js';
import { askVerifier } from './ask-verifier.js';
import { AuthError } from './auth.errors.js';
import { AUTH_OPTIONS, type AuthOptions } from './auth.options.js';
import { allows } from './grant.js';
import { TokenVerifier, type Principal } from './token-verifier.js';

/** Decides who may do what: the one place that is asked, whatever the way by which a request came. */
@Injectable()
export class Permissions {
  constructor(
    private readonly verifier: TokenVerifier,
    @Inject(AUTH_OPTIONS) private readonly options: AuthOptions,
  ) {}

  /**
   * The principal, if it may do this. Rejects with `AuthError`: `read_only`, `unauthorized` for nobody,
   * `insufficient_scope`, or `token_unavailable`; or what the verifier says by one of its own.
   */
  async require(principal: Principal | undefined, access: Access): Promise<Principal> {
    const known = this.known(principal, access);
    const refusal = await this.refusal(known, access);
    if (refusal !== undefined) throw refusal;
    return known;
  }

  /** Whether the principal may do this. Rejects as {@link require}, but for what it lacks. */
  async may(principal: Principal | undefined, access: Access): Promise<boolean> {
    return (await this.refusal(principal, access)) === undefined;
  }

  /** What {@link require} rejects with for want of a permission; undefined where there is one. Rejects with all else. */
  async refusal(principal: Principal | undefined, access: Access): Promise<AuthError | undefined> {
    const known = this.known(principal, access);
    const { verifier } = this;
    if (known.grant === undefined && verifier.may === undefined) return undefined;
    try {
      // A verifier may be written in JavaScript.
      const may = await askVerifier<unknown>(
        async () =>
          (known.grant === undefined || allows(known.grant, access)) &&
          (verifier.may === undefined || (await verifier.may(known, access))),
      );
      return may === true ? undefined : insufficientScope(access);
    } catch (error) {
      if (error instanceof AuthError && LACKING.has(error.code)) return error;
      throw error;
    }
  }

  private known(principal: Principal | undefined, { scope }: Access): Principal {
    if (this.options.readOnly && scope !== 'read') {
      throw new AuthError('read_only', 'This server is read-only.');
    }
    if (principal === undefined) throw new AuthError('unauthorized', 'Nobody is known to ask for this.');
    return principal;
  }
}

const LACKING: ReadonlySet<AuthError['code']> = new Set(['insufficient_scope', 'forbidden']);

function insufficientScope(access: Access): AuthError {
  const what = describeAccess(access);
  const where = what === undefined ? '' : ` for ${what}`;
  return new AuthError('insufficient_scope', `This token does not have the scope ${access.scope}${where}.`, {
    access,
  });
}
