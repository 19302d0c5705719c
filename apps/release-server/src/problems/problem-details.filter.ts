import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';

import { AuthError } from '#auth';
import { StorageError } from '#storage';

import { PAGE_POLICY } from '../web/layout.js';
import { rootOf } from '../web/root.js';
import { StaticFiles } from '../web/static-files.js';
import { contextOf, type Client } from '../server/request-context.js';
import { entityTag } from '../http/conditional.js';
import { errorPage } from './error.page.js';
import { answerUnread } from '../server/lingering-close.js';
import { hintFor } from './near-miss.js';
import { PROBLEMS, problemDocument, ProblemError, type ProblemCode, type ProblemExtras } from './problem.js';
import { allowedMethods } from './routes.js';

interface Problem extends ProblemExtras {
  readonly code: ProblemCode;
  readonly detail: string;
}

const WRITES = new Set(['POST', 'PUT', 'DELETE']);
/** Seconds after which a busy server is worth another try. */
const RETRY_AFTER = '1';
/** Headers of what was about to be sent when it failed. */
const REPRESENTATION = [
  'Accept-Ranges',
  'Age',
  'Content-Disposition',
  'Content-Range',
  'Content-Security-Policy',
  'ETag',
  'Last-Modified',
  'Repr-Digest',
];
const UNROUTED = new Set<ProblemCode>(['not_found', 'method_not_allowed']);

/** Turns every error into one answer: problem details for machines, a page for browsers. */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');
  private readonly audit = new Logger('audit');

  constructor(private readonly files: StaticFiles) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = toProblem(error, request);
    const { status } = PROBLEMS[problem.code];
    if (request.socket.destroyed) return;
    const { id, path, client } = contextOf(request);
    const fields = { code: problem.code, request_id: id, ...client };
    const attempt = `${request.method} ${path}`;
    if (status >= 500) this.logger.error({ ...fields, err: error }, `${attempt} failed`);
    if (error instanceof AuthError && error.attempts !== undefined) {
      this.recordAttempts(error.attempts.count, fields);
    } else if (WRITES.has(request.method) && !UNROUTED.has(problem.code)) {
      this.audit.warn({ ...fields, event: 'write.refused' }, `refused ${attempt}: ${problem.code}`);
    } else if (error instanceof AuthError) {
      this.audit.warn({ ...fields, event: 'access.refused' }, `refused ${attempt}: ${problem.code}`);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    this.send(request, response, problem, status);
  }

  /** Who tries out tokens does not fill the log: each doubling of their number is a line. */
  private recordAttempts(count: number, fields: Client): void {
    if ((count & (count - 1)) !== 0) return;
    this.audit.warn(
      { ...fields, event: 'token.attempts', attempts: count },
      `${count} wrong tokens from ${fields.address} within a minute`,
    );
  }

  private send(request: Request, response: Response, problem: Problem, status: number): void {
    const document = problemDocument(problem.code, problem.detail, contextOf(request).path, problem.members);
    const html =
      request.accepts(['application/problem+json', 'application/json', 'text/html']) === 'text/html';
    const body = Buffer.from(
      html ? errorPage(document, { root: rootOf(request), files: this.files }) : JSON.stringify(document),
    );

    for (const name of REPRESENTATION) response.removeHeader(name);
    response.status(status);
    response.setHeader('Content-Type', html ? 'text/html; charset=utf-8' : 'application/problem+json');
    response.setHeader('Content-Length', body.length);
    response.setHeader('Cache-Control', 'no-store');
    response.vary('Accept');
    if (html) response.setHeader('Content-Security-Policy', PAGE_POLICY);
    for (const [name, value] of Object.entries(problem.headers ?? {})) response.setHeader(name, value);
    answerUnread(request, response, body);
  }
}

function toProblem(error: unknown, request: Request): Problem {
  if (error instanceof ProblemError) return { code: error.code, detail: error.message, ...error.extras };
  if (error instanceof StorageError) return storageProblem(error, request);
  if (error instanceof AuthError) return authProblem(error);
  if (error instanceof HttpException) return frameworkProblem(error, request);
  return { code: 'internal_error', detail: 'This is a fault of the server; its log tells more.' };
}

function storageProblem(error: StorageError, request: Request): Problem {
  const detail = error.message;
  switch (error.code) {
    case 'invalid_package_name':
    case 'package_not_found':
    case 'package_empty':
    case 'package_too_large':
    case 'checksum_mismatch':
    case 'upload_incomplete':
    case 'insufficient_storage':
      return { code: error.code, detail };
    case 'package_exists':
    case 'precondition_failed':
      return conflict(error.code, error, request);
    case 'storage_busy':
      return {
        code: error.code,
        detail: 'The server has too many files and connections open; try again in a moment.',
        headers: { 'Retry-After': RETRY_AFTER },
      };
    case 'storage_unavailable':
      return { code: error.code, detail, headers: { 'Retry-After': RETRY_AFTER } };
    case 'foreign_packages':
    case 'storage_failed':
      return {
        code: 'storage_failed',
        detail: 'The storage did not do its work; the log of the server tells more.',
      };
  }
}

/** Tells what is stored, so that a client can decide whether it minds. */
function conflict(
  found: 'package_exists' | 'precondition_failed',
  { message: detail, existing }: StorageError,
  request: Request,
): Problem {
  // Whoever asked by If-None-Match hears of that condition (RFC 9110 §13.1.2).
  const code = request.headers['if-none-match'] === undefined ? found : 'precondition_failed';
  if (existing === undefined) {
    return code === 'package_exists'
      ? { code, detail, members: { digest: null, size: null } }
      : { code, detail };
  }
  const { size, sha256 } = existing;
  const digest = sha256 === undefined ? null : `sha256:${sha256}`;
  return { code, detail, members: { digest, size }, headers: { ETag: entityTag(existing) } };
}

function authProblem({ code, message: detail, attempts }: AuthError): Problem {
  switch (code) {
    case 'unauthorized':
      return { code, detail, headers: { 'WWW-Authenticate': 'Bearer realm="release-server"' } };
    case 'too_many_attempts':
      return { code, detail, headers: { 'Retry-After': String(attempts?.retryAfter ?? RETRY_AFTER) } };
    case 'read_only':
      return { code, detail };
    case 'token_unavailable':
      return { code, detail: 'The server cannot check tokens now; its log tells more.' };
  }
}

/** What Nest and Express themselves report: no such route, and URLs that cannot be decoded. */
function frameworkProblem(error: HttpException, request: Request): Problem {
  if (error.getStatus() !== 404) {
    return error.getStatus() < 500
      ? { code: 'bad_request', detail: 'The address cannot be decoded.' }
      : { code: 'internal_error', detail: 'This is a fault of the server; its log tells more.' };
  }
  const allowed = allowedMethods(request);
  const path = contextOf(request).path;
  const hint = hintFor(request.method, path);
  const more = hint === undefined ? '' : ` ${hint}`;
  if (allowed.length === 0) return { code: 'not_found', detail: `There is nothing at ${path}.${more}` };
  const allow = allowed.join(', ');
  return {
    code: 'method_not_allowed',
    detail: `${request.method} is not possible at ${path}; possible: ${allow}.${more}`,
    headers: { Allow: allow },
  };
}
