import { z } from 'zod';

import { ProblemError } from '../problems/problem.js';

export const MOST_PER_PAGE = 1000;
/** On a page that does not say otherwise. */
export const DEFAULT_PER_PAGE = 100;
const wholeNumber = z
  .string({ error: 'expected one whole number' })
  .regex(/^\d{1,9}$/, 'expected a whole number from 1')
  .transform(Number)
  .refine((value) => value >= 1, 'expected a whole number from 1');
const text = z.string({ error: 'expected one text' }).max(200, 'expected at most 200 characters');

const querySchema = z.object({
  format: z.enum(['json', 'html'], { error: 'expected json or html' }).optional(),
  q: text.default(''),
  release: text.optional(),
  sort: z
    .enum(['name', 'size', 'created_at'], { error: 'expected name, size or created_at' })
    .default('created_at'),
  order: z.enum(['asc', 'desc'], { error: 'expected asc or desc' }).optional(),
  page: wholeNumber.optional(),
  per_page: wholeNumber
    .refine((value) => value <= MOST_PER_PAGE, `expected at most ${MOST_PER_PAGE}`)
    .optional(),
});

export type PackageListQuery = z.output<typeof querySchema>;

/** Reads the query of a list. Throws `invalid_parameter` with the first parameter that is off. */
export function parseListQuery(query: unknown): PackageListQuery {
  const result = querySchema.safeParse(query);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const parameter = issue?.path.join('.') ?? 'query';
  throw new ProblemError('invalid_parameter', `${parameter}: ${issue?.message ?? 'not valid'}.`, {
    members: { parameter },
  });
}

/**
 * The query in the one form that all equal queries share: single spaces, no order that is the default, and for every
 * page past the end the first of those. @param stored - How many packages there are.
 */
export function normalQuery(query: PackageListQuery, stored: number): PackageListQuery {
  const { q, sort, order, page, per_page: perPage = DEFAULT_PER_PAGE } = query;
  return {
    ...query,
    q: q.trim().split(/\s+/).join(' '),
    order: order === defaultOrder(sort) ? undefined : order,
    page: page && Math.min(page, Math.ceil(stored / perPage) + 1),
  };
}

/** The direction of an order that is not asked for: names ascend, and sizes and times descend. */
export function defaultOrder(sort: PackageListQuery['sort']): 'asc' | 'desc' {
  return sort === 'name' ? 'asc' : 'desc';
}
