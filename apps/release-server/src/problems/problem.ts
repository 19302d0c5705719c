/**
 * Every error that the API can answer, by its stable code: the status and the short title that never varies.
 * The contract lists the same codes.
 */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'The request is malformed' },
  malformed_multipart: { status: 400, title: 'The multipart body is malformed' },
  invalid_package_name: { status: 400, title: 'The package name is not allowed' },
  package_empty: { status: 400, title: 'The package is empty' },
  checksum_mismatch: { status: 400, title: 'The checksum does not match' },
  upload_incomplete: { status: 400, title: 'The upload is incomplete' },
  partial_upload: { status: 400, title: 'The upload is only a part of a package' },
  unauthorized: { status: 401, title: 'A valid bearer token is required' },
  read_only: { status: 403, title: 'The server is read-only' },
  cross_origin_request: { status: 403, title: 'A page of another origin cannot write' },
  overwrite_disabled: { status: 403, title: 'Packages may not be overwritten' },
  delete_disabled: { status: 403, title: 'Packages may not be deleted' },
  not_found: { status: 404, title: 'There is nothing at this address' },
  package_not_found: { status: 404, title: 'There is no such package' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  package_exists: { status: 409, title: 'The package exists already' },
  precondition_failed: { status: 412, title: 'The package is not the expected version' },
  package_too_large: { status: 413, title: 'The package is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not the package itself' },
  unsupported_content_coding: { status: 415, title: 'The body has a content coding' },
  range_not_satisfiable: { status: 416, title: 'The range lies outside of the package' },
  misdirected_request: { status: 421, title: 'The server is not served under this name' },
  missing_file: { status: 422, title: 'The upload has no file' },
  invalid_parameter: { status: 422, title: 'A parameter is not valid' },
  too_many_attempts: { status: 429, title: 'Too many wrong tokens came from this address' },
  headers_too_large: { status: 431, title: 'The request headers are too large' },
  internal_error: { status: 500, title: 'The server failed' },
  storage_failed: { status: 500, title: 'The storage failed' },
  server_busy: { status: 503, title: 'The server is busy' },
  storage_busy: { status: 503, title: 'The storage is busy' },
  storage_unavailable: { status: 503, title: 'The storage does not answer' },
  token_unavailable: { status: 503, title: 'The server cannot check tokens now' },
  insufficient_storage: { status: 507, title: 'The storage is full' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** What kind of error it is. */
export interface ProblemType {
  /** Stable, in snake case. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

export function problemType(code: ProblemCode): ProblemType {
  return { code, ...PROBLEMS[code] };
}

/** What an error answer carries beyond its type and its detail. */
export interface ProblemExtras {
  /** Further members of the problem document, such as the digest of what is stored. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
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
