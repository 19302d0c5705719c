/** Who reads, where that asks for a token. */
export interface Reader {
  /** Its token, once it has been given. */
  secret(): string | undefined;
  /** Called when the server does not take it any more. */
  refused(): void;
}

let reader: Reader | undefined;

/** Has what pages load from now on be asked for with the token of this reader. */
export function readAs(one: Reader): void {
  reader = one;
}

/** The headers of a read: none where everybody may read. */
export function readHeaders(): Record<string, string> {
  const secret = reader?.secret();
  return secret === undefined ? {} : { Authorization: `Bearer ${secret}` };
}

/** Tells the reader of an answer that asks for a token. */
export function heed({ status }: Response): void {
  if (status === 401) reader?.refused();
}
