import { z } from 'zod';

import { ProblemError } from '../../problems/problem.js';
import type { ReleaseFields } from '../release-fields.js';

const LATEST = { true: 'yes', false: 'never', legacy: 'auto' } as const;
const text = z.string({ error: 'expected a text' }).nullish();
const flag = z.boolean({ error: 'expected true or false' }).nullish();
// As GitHub does it, members that are not known are no error.
const release = z.object(
  {
    tag_name: text,
    target_commitish: text,
    name: text,
    body: text,
    draft: flag,
    prerelease: flag,
    make_latest: z
      .enum(['true', 'false', 'legacy'], { error: 'expected true, false or legacy' })
      .or(z.boolean().transform((value) => `${value}` as const))
      .nullish(),
    generate_release_notes: flag,
  },
  { error: 'expected an object' },
);
const asset = z.object({ name: text, label: text }, { error: 'expected an object' });
const notes = z.object(
  { tag_name: text, target_commitish: text, previous_tag_name: text },
  { error: 'expected an object' },
);

/** What a client says of a release, and whether it wants notes made. */
export interface GithubReleaseFields {
  readonly fields: ReleaseFields;
  readonly generateNotes: boolean;
}

/** Reads what is said of a release. Throws `invalid_parameter` with the first member that is off. */
export function parseGithubRelease(body: unknown): GithubReleaseFields {
  const said = parsed(release, body, 'Release');
  const latest = said.make_latest ?? undefined;
  return {
    fields: {
      tag: said.tag_name ?? undefined,
      target: said.target_commitish ?? undefined,
      title: said.name ?? undefined,
      notes: said.body ?? undefined,
      isDraft: said.draft ?? undefined,
      isPrerelease: said.prerelease ?? undefined,
      latest: latest && LATEST[latest],
    },
    generateNotes: said.generate_release_notes ?? false,
  };
}

/** What a client says of an asset. A member that is undefined leaves what is there. */
export interface AssetFields {
  readonly name?: string | undefined;
  readonly label?: string | undefined;
}

/** Throws `invalid_parameter`. */
export function parseGithubAsset(body: unknown): AssetFields {
  const { name, label } = parsed(asset, body, 'ReleaseAsset');
  return { name: name ?? undefined, label: label ?? undefined };
}

/** For which release notes are made, and since which. */
export interface NotesRequest {
  readonly tag: string;
  readonly previous?: string;
}

/** Throws `invalid_parameter`. */
export function parseNotesRequest(body: unknown): NotesRequest {
  const { tag_name: tag, previous_tag_name: previous } = parsed(notes, body, 'Release');
  if (!tag) throw missing('Release', 'tag_name');
  return { tag, ...(previous ? { previous } : {}) };
}

/** The refusal of a request without what it needs. */
export function missing(resource: string, field: string): ProblemError {
  return refusal(resource, field, 'missing_field', 'is missing');
}

function parsed<T>(schema: z.ZodType<T>, body: unknown, resource: string): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw refusal(resource, issue?.path.join('.') || 'body', 'invalid', issue?.message ?? 'not valid');
}

function refusal(resource: string, field: string, code: string, why: string): ProblemError {
  return new ProblemError('invalid_parameter', `${field}: ${why}.`, {
    members: { parameter: field, errors: [{ resource, field, code, message: `${field} ${why}` }] },
  });
}
