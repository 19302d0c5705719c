import type { IncomingMessage, ServerResponse } from 'node:http';

import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import vary from 'vary';

import { AuthError, type TooManyAttempts } from '#auth';

import { ErrorPage } from '../problems/error-page.js';
import { asGithubHasIt, isGithubPath } from '../problems/github-problem.js';
import { githubBody, problemBody } from '../problems/problem-body.js';
import { problemOf } from '../problems/problem-of.js';
import { problemDocument, type Problem } from '../problems/problem.js';
import { printable } from '../observability/printable.js';
import { accessFields, auditFields } from './audit-fields.js';
import { answerUnread } from './lingering-close.js';
import { contextOf, type RequestContext } from './request-context.js';

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
/** Headers of what was about to be sent when it failed. */
const REPRESENTATION = [
  'Accept-Ranges',
  'Age',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Range',
  'Content-Security-Policy',
  'ETag',
  'Last-Modified',
  'Repr-Digest',
];
const UNROUTED = new Set(['not_found', 'method_not_allowed']);

interface RefusalFields {
  readonly remote_address: string | undefined;
}

/** Answers every error: those of routes as Nest's filter, those of requests that come to none when it is called. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http');
  private readonly audit = new Logger('audit');

  constructor(private readonly page: ErrorPage) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(error, http.getRequest<IncomingMessage>(), http.getResponse<ServerResponse>());
  }

  answer(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (request.socket.destroyed) return;
    const context = contextOf(request);
    const isGithub = isGithubPath(context.path);
    const found = problemOf(error, request);
    const problem = isGithub ? asGithubHasIt(found) : found;
    this.record(error, problem, context, request.method ?? '');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const document = problemDocument(problem, context.path);
    const { contentType, content, policy } = isGithub
      ? githubBody(request, document)
      : problemBody(request, document, this.page);
    const body = Buffer.from(content);
    for (const name of REPRESENTATION) response.removeHeader(name);
    response.statusCode = problem.type.status;
    response.setHeader('Content-Type', contentType);
    response.setHeader('Content-Length', body.length);
    response.setHeader('Cache-Control', 'no-store');
    vary(response, 'Accept');
    if (policy !== undefined) response.setHeader('Content-Security-Policy', policy);
    for (const [name, value] of Object.entries(problem.headers ?? {})) response.setHeader(name, value);
    answerUnread(request, response, body);
  }

  private record(error: unknown, { type, detail }: Problem, context: RequestContext, method: string): void {
    const { code, status } = type;
    const { id, path, client, route, isRead, principal } = context;
    const attempt = `${method} ${path}`;
    if (status >= 500) {
      this.logger.error({ code, request_id: id, ...client, err: error }, `${attempt} failed`);
    }
    const refusal = error instanceof AuthError ? error : undefined;
    const isWrite = WRITES.has(method) && !isRead && !(UNROUTED.has(code) && route === undefined);
    if (refusal === undefined && !isWrite) return;
    // Who has a token that is valid no longer is known by it.
    const known = principal ?? (refusal?.owner === undefined ? undefined : { name: refusal.owner });
    const fields = {
      event: isWrite ? 'write.refused' : 'access.refused',
      code,
      reason: printable(detail),
      method,
      path,
      ...accessFields(refusal?.access),
      ...auditFields(known, context),
    };
    this.audit.warn(fields, `refused ${attempt}: ${code}`);
    if (refusal?.attempts !== undefined) this.recordAttempts(refusal.attempts, fields);
  }

  /** That somebody tries out tokens is said at each doubling of their number. */
  private recordAttempts({ count, owner }: TooManyAttempts, fields: RefusalFields): void {
    if ((count & (count - 1)) !== 0) return;
    const from =
      owner === undefined ? `wrong tokens from ${fields.remote_address}` : `attempts with the token ${owner}`;
    this.audit.warn(
      { ...fields, event: 'token.attempts', attempts: count },
      `${count} ${from} within a minute`,
    );
  }
}
