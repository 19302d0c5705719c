import { z } from 'zod';

import { ProblemError } from '../../problems/problem.js';
import type { ReleaseFields } from '../release-fields.js';

/** Bytes of a description: notes of 125,000 characters, each of which may be escaped. */
export const MAX_BODY_BYTES = 1024 * 1024;

const LATEST = { true: 'yes', false: 'never', legacy: 'auto' } as const;
const text = z.string({ error: 'expected a text' }).optional();
const flag = z.boolean({ error: 'expected true or false' }).optional();
const schema = z.strictObject(
  {
    tag: text,
    title: text,
    notes: text,
    draft: flag,
    prerelease: flag,
    make_latest: z.enum(['true', 'false', 'legacy'], { error: 'expected true, false or legacy' }).optional(),
  },
  { error: 'expected an object' },
);

/** Reads what is said of a release. Throws `invalid_parameter` with the first member that is off. */
export function parseReleaseBody(body: unknown): ReleaseFields {
  const result = schema.safeParse(body);
  if (!result.success) throw refusal(result.error.issues[0]);
  const { tag, title, notes, draft, prerelease, make_latest: latest } = result.data;
  return {
    tag,
    title,
    notes,
    isDraft: draft,
    isPrerelease: prerelease,
    latest: latest === undefined ? undefined : LATEST[latest],
  };
}

function refusal(issue: z.core.$ZodIssue | undefined): ProblemError {
  const isUnknown = issue?.code === 'unrecognized_keys';
  const place = isUnknown ? issue.keys[0] : issue?.path.join('.');
  const parameter = place === undefined || place === '' ? 'body' : place;
  const why = isUnknown ? 'a release has no such member' : (issue?.message ?? 'not valid');
  return new ProblemError('invalid_parameter', `${parameter}: ${why}.`, { members: { parameter } });
}
