import type { IncomingMessage } from 'node:http';

export interface AuthOptions {
  /** The shared secret of the default verifier, here or in a file; with neither, nobody can write. */
  readonly token: string | undefined;
  /** A file that holds the token; read again whenever it changes. */
  readonly tokenFile: string | undefined;
  /** Refuse every write, with or without a token. */
  readonly readOnly: boolean;
  /** Whose wrong tokens are counted together. */
  readonly addressOf: (request: IncomingMessage) => string;
  /** Whether nobody but this machine reaches the server, so that a published token does no harm. */
  readonly isLocal: boolean;
}

/** Injection token of {@link AuthOptions}. */
export const AUTH_OPTIONS = Symbol('AUTH_OPTIONS');
