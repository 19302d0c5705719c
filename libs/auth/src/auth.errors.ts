export type AuthErrorCode =
  /** No token, or none that is valid. */
  | 'unauthorized'
  /** The server takes no writes, whoever asks. */
  | 'read_only'
  /** The server cannot tell whose the token is: its file cannot be read, or the verifier failed or did not answer. */
  | 'token_unavailable';

/** Why a request may not go on. The message is fit for the client, but for `token_unavailable`, which is for the log. */
export class AuthError extends Error {
  override readonly name = 'AuthError';

  constructor(
    readonly code: AuthErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
