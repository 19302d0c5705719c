import type { IncomingMessage, ServerResponse } from 'node:http';

import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import vary from 'vary';

import { AuthError } from '#auth';

import { ErrorPage } from '../problems/error-page.js';
import { asGithubHasIt, isGithubPath } from '../problems/github-problem.js';
import { githubBody, problemBody } from '../problems/problem-body.js';
import { problemOf } from '../problems/problem-of.js';
import { problemDocument, type Problem } from '../problems/problem.js';
import { answerUnread } from './lingering-close.js';
import { contextOf, type Client, type RequestContext } from './request-context.js';

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

  private record(error: unknown, { type }: Problem, context: RequestContext, method: string): void {
    const { code, status } = type;
    const { id, path, client, route, isRead } = context;
    const fields = { code, request_id: id, ...client };
    const attempt = `${method} ${path}`;
    if (status >= 500) this.logger.error({ ...fields, err: error }, `${attempt} failed`);
    if (error instanceof AuthError && error.attempts !== undefined) {
      this.recordAttempts(error.attempts.count, fields);
    } else if (WRITES.has(method) && !isRead && !(UNROUTED.has(code) && route === undefined)) {
      this.audit.warn({ ...fields, event: 'write.refused' }, `refused ${attempt}: ${code}`);
    } else if (error instanceof AuthError) {
      this.audit.warn({ ...fields, event: 'access.refused' }, `refused ${attempt}: ${code}`);
    }
  }

  /** A client that tries out tokens does not fill the log: each doubling of their number is a line. */
  private recordAttempts(count: number, fields: Client): void {
    if ((count & (count - 1)) !== 0) return;
    this.audit.warn(
      { ...fields, event: 'token.attempts', attempts: count },
      `${count} wrong tokens from ${fields.address} within a minute`,
    );
  }
}
