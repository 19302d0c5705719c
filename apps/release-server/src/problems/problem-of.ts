import { STATUS_CODES, type IncomingMessage } from 'node:http';

import { HttpException } from '@nestjs/common';

import { AuthError } from '#auth';
import { StorageError } from '#storage';

import { BusyError } from '../http/busy.error.js';
import { wantsPage } from './problem-body.js';
import type { ProblemCode } from './problem-codes.js';
import { ProblemError, problemType, type Problem, type ProblemExtras } from './problem.js';
import { storedExtras } from './stored-extras.js';

/** Seconds after which a busy server is worth another try. */
const RETRY_AFTER_SECONDS = '1';
/** Asks for a token (RFC 6750 §3). */
const CHALLENGE = 'Bearer realm="release-server"';
/** Asks for a token as a password (RFC 7617 §2). In a field of its own, for some clients read the first word of each. */
const CHALLENGES = [CHALLENGE, 'Basic realm="release-server", charset="UTF-8"'];
/** What is not for clients is in the log. */
const FAULT = 'This is a fault of the server; its log tells more.';

/** How an error is answered, whoever threw it. */
export function problemOf(error: unknown, request: IncomingMessage): Problem {
  if (error instanceof ProblemError) return { type: error.type, detail: error.message, ...error.extras };
  if (error instanceof StorageError) return storageProblem(error, request);
  if (error instanceof AuthError) return authProblem(error, request);
  if (error instanceof BusyError) return problem('server_busy', error.message, retryAfter(error.retryAfter));
  if (error instanceof HttpException) return httpProblem(error);
  return problem('internal_error', FAULT);
}

function problem(code: ProblemCode, detail: string, extras?: ProblemExtras): Problem {
  return { type: problemType(code), detail, ...extras };
}

function retryAfter(seconds: number | string): ProblemExtras {
  return { headers: { 'Retry-After': String(seconds) } };
}

function storageProblem(error: StorageError, request: IncomingMessage): Problem {
  const detail = error.message;
  switch (error.code) {
    case 'invalid_package_name':
    case 'package_not_found':
    case 'invalid_release_tag':
    case 'release_not_found':
    case 'release_immutable':
    case 'releases_unsupported':
    case 'package_empty':
    case 'package_too_large':
    case 'checksum_mismatch':
    case 'upload_incomplete':
    case 'insufficient_storage':
    case 'retention_limit_reached':
      return problem(error.code, detail);
    case 'release_exists':
      return problem(error.code, detail, { members: { draft: error.isDraft } });
    case 'package_exists':
    case 'precondition_failed':
      return conflict(error.code, error, request);
    case 'storage_busy':
      return problem(
        error.code,
        'The server has too many files and connections open; try again in a moment.',
        retryAfter(RETRY_AFTER_SECONDS),
      );
    case 'storage_unavailable':
      return problem(error.code, detail, retryAfter(RETRY_AFTER_SECONDS));
    case 'foreign_packages':
    case 'storage_failed':
      return problem('storage_failed', 'The storage did not do its work; the log of the server tells more.');
  }
}

/** Tells what is stored, so that a client can decide whether it minds. */
function conflict(
  found: 'package_exists' | 'precondition_failed',
  { message: detail, existing }: StorageError,
  request: IncomingMessage,
): Problem {
  // A client that sent If-None-Match gets the status of that condition (RFC 9110 §13.1.2).
  const code = request.headers['if-none-match'] === undefined ? found : 'precondition_failed';
  if (existing === undefined) {
    return problem(code, detail, code === 'package_exists' ? { members: { digest: null, size: null } } : {});
  }
  return problem(code, detail, storedExtras(existing));
}

function authProblem(
  { code, message: detail, attempts, access, takesBasic }: AuthError,
  request: IncomingMessage,
): Problem {
  switch (code) {
    case 'unauthorized':
      return problem(code, detail, {
        headers: { 'WWW-Authenticate': takesBasic && !asksByItself(request) ? CHALLENGES : CHALLENGE },
      });
    case 'too_many_attempts':
      return problem(code, detail, retryAfter(attempts?.retryAfter ?? RETRY_AFTER_SECONDS));
    case 'insufficient_scope': {
      const scope = access === undefined ? '' : `, scope="${access.scope}"`;
      return problem(code, detail, {
        headers: { 'WWW-Authenticate': `${CHALLENGE}, error="insufficient_scope"${scope}` },
      });
    }
    case 'read_only':
    case 'forbidden':
      return problem(code, detail);
    case 'token_unavailable':
      return problem(code, 'The server cannot check tokens now; its log tells more.');
  }
}

/** A browser would ask in a dialog of its own, and again for each request of a script; a page of ours asks instead. */
function asksByItself(request: IncomingMessage): boolean {
  const { authorization = '', 'sec-fetch-mode': mode } = request.headers;
  return mode !== undefined || /^(?:Bearer|token) /i.test(authorization) || wantsPage(request);
}

/** What Nest's own parts and other teams throw keeps its status; by that it has a code, unless it brings one. */
function httpProblem(error: HttpException): Problem {
  const status = error.getStatus();
  if (status === 500 || STATUS_CODES[status] === undefined || status < 400) {
    return problem('internal_error', FAULT);
  }
  const phrase = STATUS_CODES[status];
  const code =
    error.errorCode ??
    phrase
      .toLowerCase()
      .replaceAll("'", '')
      .replaceAll(/[^a-z]+/g, '_');
  if (status > 500) return { type: { code, status, title: phrase }, detail: FAULT };
  const { message, error: title } = partsOf(error.getResponse());
  const type = { code, status, title: textOr(phrase, title) };
  if (!Array.isArray(message)) return { type, detail: textOr(phrase, message) };
  // Pipes find several things at once.
  const texts = message.filter((one) => typeof one === 'string');
  return { type, detail: textOr(phrase, texts.join('; ')), members: { errors: message } };
}

/** The response of an exception may be anything. Nothing is said of an error that it wraps. */
function partsOf(response: unknown): { readonly message?: unknown; readonly error?: unknown } {
  if (typeof response === 'string') return { message: response };
  return typeof response !== 'object' || response === null || response instanceof Error ? {} : response;
}

function textOr(otherwise: string, text: unknown): string {
  return typeof text === 'string' && text !== '' ? text : otherwise;
}
