import { z } from 'zod';

import { ProblemError } from '../../problems/problem.js';

const schema = z.object({
  query: z.string(),
  variables: z
    .record(z.string(), z.unknown())
    .nullish()
    .transform((variables) => variables ?? {}),
  operationName: z.string().nullish(),
});

/** A request of a client: one query, with the values of its variables. */
export type GraphqlQuery = z.infer<typeof schema>;

/** Throws `bad_request`. */
export function parseGraphqlQuery(body: unknown): GraphqlQuery {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const why = Array.isArray(body) ? 'one query at a time is answered' : z.prettifyError(result.error);
  throw new ProblemError('bad_request', `The body is {"query": "…", "variables": {…}}: ${why}`);
}
