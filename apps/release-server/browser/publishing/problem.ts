import type { ProblemCode } from '../../src/problems/problem-codes.js';

/** What is stored under a name. */
export interface Stored {
  /** In bytes. */
  readonly size: number | null;
  /** Its SHA-256 in hexadecimal, null while the server computes it. */
  readonly sha256: string | null;
  /** The version, as `If-Match` takes it. */
  readonly etag: string;
}

/** What went wrong, in the server's own words where it said any (RFC 9457). */
export interface Problem {
  readonly title: string;
  readonly detail?: string;
  /** Only where the words are the server's. */
  readonly code?: ProblemCode;
  /** Whether the same may succeed when it is tried again. */
  readonly again?: boolean;
  /** Whether all that waits would end the same way. */
  readonly forAll?: boolean;
  /** What a name that is taken is taken by. */
  readonly stored?: Stored;
}

/** Ends what cannot go on. */
export class Failure extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

export const UNREACHABLE: Problem = {
  title: 'The server cannot be reached',
  detail: 'The connection failed or broke off.',
  again: true,
};

export const UNREADABLE: Problem = {
  title: 'The file cannot be read',
  detail: 'It may have changed or gone since it was chosen. Choose it again.',
};

/** What an answer says, as far as failures are concerned. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly etag: string | null;
}

/** Reads an answer that is not a success. */
export function problemFrom({ status, text, etag }: Answer): Problem {
  const again = status === 401 || status === 408 || status === 429 || status >= 500;
  const { title, detail, code, digest, size } = members(text);
  if (typeof title !== 'string' || typeof detail !== 'string' || typeof code !== 'string') {
    return {
      title: `The answer was ${status}`,
      detail: 'It does not come from a Release Server; something on the way may have sent it.',
      again,
    };
  }
  const problem = { title, detail, code: code as ProblemCode, again };
  if (etag === null) return problem;
  const sha256 = typeof digest === 'string' ? digest.replace('sha256:', '') : null;
  return { ...problem, stored: { size: typeof size === 'number' ? size : null, sha256, etag } };
}

/** What is told of an error, whatever it is. */
export function problemOf(error: unknown): Problem {
  return error instanceof Failure ? error.problem : { title: String(error) };
}

/** The members of a JSON object, none where the text is something else. */
export function members(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
