import type { IncomingMessage } from 'node:http';

import accepts from 'accepts';

import type { ErrorPage } from './error-page.js';
import { githubDocument } from './github-problem.js';
import type { ProblemDocument } from './problem.js';

export interface ProblemBody {
  readonly contentType: string;
  readonly content: string;
  /** Its `Content-Security-Policy`, where it is a page. */
  readonly policy?: string;
}

/** Whether a client gets errors as pages, as browsers do. */
export function wantsPage(request: IncomingMessage): boolean {
  const type = accepts(request).type(['application/problem+json', 'application/json', 'text/html']);
  return type === 'text/html';
}

/** An error in the form that a client accepts: problem details for programs, a page for browsers. */
export function problemBody(
  request: IncomingMessage,
  document: ProblemDocument,
  page: ErrorPage,
): ProblemBody {
  if (!wantsPage(request)) {
    return { contentType: 'application/problem+json', content: JSON.stringify(document) };
  }
  return { contentType: 'text/html; charset=utf-8', content: page.render(document), policy: page.policy };
}

/** An error as GitHub's API has it, whatever the client accepts. */
export function githubBody(request: IncomingMessage, document: ProblemDocument): ProblemBody {
  const hasCredentials = request.headers.authorization !== undefined;
  return {
    contentType: 'application/json; charset=utf-8',
    content: JSON.stringify(githubDocument(document, hasCredentials)),
  };
}
