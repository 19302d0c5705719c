/** Where the shared secret comes from; with neither, nobody can write. */
export interface AuthOptions {
  readonly token: string | undefined;
  /** A file that holds the token; read again whenever it changes. */
  readonly tokenFile: string | undefined;
  /** Refuse every write, with or without a token. */
  readonly readOnly: boolean;
}
