export type AuthErrorCode =
  /** No token, or none that is valid. */
  | 'unauthorized'
  /** The server takes no writes, whoever asks. */
  | 'read_only'
  /** The server cannot read the file that holds the token. */
  | 'token_unavailable';

/** Why a request may not go on. The message is fit for the client, but for `token_unavailable`, which names a path. */
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
