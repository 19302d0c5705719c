import { inspect, types } from 'node:util';

import { AuthError } from './auth.errors.js';
import type { Principal, TokenVerifier } from './token-verifier.js';

/** Milliseconds that a verifier may take. */
const TIMEOUT_MS = 10_000;
/** Characters of a failure that are logged. */
const MOST_LOGGED = 4000;

/**
 * Asks a verifier whose a token is. Verifiers are replaceable and their types are gone at run time, so nothing that one
 * does lets anybody in but an object with a name: what a database returns for no row is nobody. What it throws, other
 * than an `AuthError`, and an answer that does not come are `token_unavailable`.
 */
export async function principalOf(verifier: TokenVerifier, token: string): Promise<Principal | undefined> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
    TIMEOUT_MS,
  );
  try {
    // Called within an async function, so that what it throws at once is a rejection too.
    const asked = (async (): Promise<unknown> => verifier.verify(token))();
    return toPrincipal(await Promise.race([asked, timeout.promise]));
  } catch (error) {
    if (error instanceof AuthError && error.code !== 'token_unavailable') throw error;
    throw new AuthError('token_unavailable', `The token verifier failed: ${describe(error, token)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** A copy, so that later readers meet neither a getter that throws nor another name. */
function toPrincipal(answer: unknown): Principal | undefined {
  // An error has a name, and is nobody.
  if (types.isNativeError(answer)) throw answer;
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
  const { name } = answer as { readonly name?: unknown };
  return typeof name === 'string' && name.trim() !== '' ? { ...answer, name } : undefined;
}

/** The failure with its stack and causes, for the log; never the token, which clients of other services quote. */
function describe(error: unknown, token: string): string {
  try {
    return inspect(error).replaceAll(token, '[token]').slice(0, MOST_LOGGED);
  } catch {
    return 'it threw what cannot be shown';
  }
}
