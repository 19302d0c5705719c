import type { Request } from 'express';

import { hintFor } from '../problems/near-miss.js';
import { ProblemError } from '../problems/problem.js';
import { contextOf } from './request-context.js';
import { allowedMethods } from './routes.js';

/** The error for a request that no route answers. */
export function unrouted(request: Request): ProblemError {
  const { path } = contextOf(request);
  const hint = hintFor(request.method, path);
  const more = hint === undefined ? '' : ` ${hint}`;
  const allowed = allowedMethods(request);
  if (allowed.length === 0) return new ProblemError('not_found', `There is nothing at ${path}.${more}`);
  const allow = allowed.join(', ');
  return new ProblemError(
    'method_not_allowed',
    `${request.method} is not possible at ${path}; possible: ${allow}.${more}`,
    { headers: { Allow: allow } },
  );
}
