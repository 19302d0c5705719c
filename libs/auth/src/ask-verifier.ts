import { inspect } from 'node:util';

import { AuthError } from './auth.errors.js';

/** Milliseconds that a verifier may take. */
const TIMEOUT_MS = 10_000;
/** Characters of a failure that are logged. */
const MOST_LOGGED = 4000;

/**
 * Asks a verifier something. Verifiers are replaceable, and their types are gone at run time: what one throws, other than
 * an `AuthError`, and an answer that does not come are `token_unavailable`.
 *
 * @param token - What a failure may quote, and the log must not.
 */
export async function askVerifier<T>(ask: () => Promise<T>, token?: string): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => timeout.reject(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
    TIMEOUT_MS,
  );
  try {
    // Called within an async function, so that what it throws at once is a rejection too.
    const asked = (async () => ask())();
    return await Promise.race([asked, timeout.promise]);
  } catch (error) {
    if (error instanceof AuthError && error.code !== 'token_unavailable') throw error;
    throw new AuthError('token_unavailable', `The token verifier failed: ${describe(error, token)}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The failure for the log, with its stack and causes unless its message was made for it; never the token, which clients of other services quote. */
function describe(error: unknown, token: string | undefined): string {
  try {
    const saysAll = error instanceof AuthError && error.cause === undefined;
    const text = saysAll ? error.message : inspect(error);
    return (token === undefined ? text : text.replaceAll(token, '[token]')).slice(0, MOST_LOGGED);
  } catch {
    return 'it threw what cannot be shown';
  }
}
