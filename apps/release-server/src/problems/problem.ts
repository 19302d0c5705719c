import { PROBLEMS, type ProblemCode } from './problem-codes.js';

/** What kind of error it is. */
export interface ProblemType {
  /** Stable, in snake case. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

export function problemType(code: ProblemCode): ProblemType {
  const { status, title } = PROBLEMS[code];
  return { code, status, title };
}

/** What an error answer carries beyond its type and its detail. */
export interface ProblemExtras {
  /** Further members of the problem document, such as the digest of what is stored. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

/** An error as it is answered. */
export interface Problem extends ProblemExtras {
  readonly type: ProblemType;
  readonly detail: string;
}

/**
 * An error with its answer, of one of the server's own types or of another. `message` becomes the answer's detail.
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly type: ProblemType;

  constructor(
    type: ProblemCode | ProblemType,
    message: string,
    readonly extras: ProblemExtras = {},
  ) {
    super(message);
    this.type = typeof type === 'string' ? problemType(type) : type;
  }
}

/** The problem document of RFC 9457. */
export interface ProblemDocument extends ProblemType {
  readonly type: string;
  readonly detail: string;
  readonly instance: string;
  readonly [member: string]: unknown;
}

/** @param instance - The path of the request. */
export function problemDocument({ type, detail, members }: Problem, instance: string): ProblemDocument {
  const { code, status, title } = type;
  return { type: `urn:release-server:problem:${code}`, title, status, detail, instance, code, ...members };
}
