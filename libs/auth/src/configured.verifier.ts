import { Injectable } from '@nestjs/common';

import { AuthError } from './auth.errors.js';
import { IdentityVerifier } from './identities/identity.verifier.js';
import { SharedSecretVerifier } from './shared-secret.verifier.js';
import { TokenVerifier, type Principal } from './token-verifier.js';
import { NamedTokenVerifier } from './tokens/named-token.verifier.js';

/** Knows whom the configuration tells of, in any of its ways. One that cannot tell now keeps nobody out whom another knows. */
@Injectable()
export class ConfiguredVerifier extends TokenVerifier {
  private readonly verifiers: readonly TokenVerifier[];

  constructor(tokens: NamedTokenVerifier, secret: SharedSecretVerifier, identities: IdentityVerifier) {
    super();
    this.verifiers = [tokens, secret, identities];
  }

  async verify(token: string): Promise<Principal | undefined> {
    let unavailable: AuthError | undefined;
    for (const verifier of this.verifiers) {
      try {
        const principal = await verifier.verify(token);
        if (principal !== undefined) return principal;
      } catch (error) {
        if (!(error instanceof AuthError) || error.code !== 'token_unavailable') throw error;
        unavailable ??= error;
      }
    }
    if (unavailable !== undefined) throw unavailable;
    return undefined;
  }
}
