import { types } from 'node:util';

import { askVerifier } from './ask-verifier.js';
import type { Principal, TokenVerifier } from './token-verifier.js';

/**
 * Asks a verifier whose a token is. Nothing that it answers lets anybody in but an object with a name: what a database
 * returns for no row is nobody. Rejects as {@link askVerifier}.
 */
export async function principalOf(verifier: TokenVerifier, token: string): Promise<Principal | undefined> {
  return askVerifier(async () => toPrincipal(await verifier.verify(token)), token);
}

/** A copy, so that later readers meet neither a getter that throws nor another name. */
function toPrincipal(answer: unknown): Principal | undefined {
  // An error has a name, and is nobody.
  if (types.isNativeError(answer)) throw answer;
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
  const { name } = answer as { readonly name?: unknown };
  return typeof name === 'string' && name.trim() !== '' ? { ...answer, name } : undefined;
}
