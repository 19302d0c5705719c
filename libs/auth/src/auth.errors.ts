import type { Access } from './access.js';

/** Why a request may not go on. */
export type AuthErrorCode =
  /** No token, or none that is valid. */
  | 'unauthorized'
  /** A wrong token from an address that has sent too many of them, or of an owner of whom too many came. */
  | 'too_many_attempts'
  /** The server takes no writes, whoever asks. */
  | 'read_only'
  /** The token is valid, and its owner may not do this to that (RFC 6750 §3.1). */
  | 'insufficient_scope'
  /** The token is valid, and a verifier of one's own refuses for another reason. */
  | 'forbidden'
  /** The server cannot tell whose the token is: its file cannot be read, or the verifier failed or did not answer. */
  | 'token_unavailable';

/** Wrong tokens of one address or one owner, for those who log and answer them. */
export interface TooManyAttempts {
  readonly count: number;
  /** Seconds after which the address, or the token, may be tried again. */
  readonly retryAfter: number;
  /** Whose token it was, where that was tried too often, from wherever. */
  readonly owner?: string | undefined;
}

interface AuthErrorOptions extends ErrorOptions {
  /** With `unauthorized`: whose token it was, where it is known and not valid any more. */
  readonly owner?: string | undefined;
  /** With `too_many_attempts`. */
  readonly attempts?: TooManyAttempts | undefined;
  /** With `insufficient_scope`: what was asked for. */
  readonly access?: Access | undefined;
  /** With `unauthorized`: whether Basic credentials would do. */
  readonly takesBasic?: boolean | undefined;
}

/** Why a request may not go on. The message is fit for the client, but for `token_unavailable`, which is for the log. */
export class AuthError extends Error {
  override readonly name = 'AuthError';
  readonly owner: string | undefined;
  readonly attempts: TooManyAttempts | undefined;
  readonly access: Access | undefined;
  readonly takesBasic: boolean;

  constructor(
    readonly code: AuthErrorCode,
    message: string,
    { owner, attempts, access, takesBasic = false, ...options }: AuthErrorOptions = {},
  ) {
    super(message, options);
    this.owner = owner;
    this.attempts = attempts;
    this.access = access;
    this.takesBasic = takesBasic;
  }
}
