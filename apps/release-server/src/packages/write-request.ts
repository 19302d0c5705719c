import type { IncomingHttpHeaders } from 'node:http';

import type { Request } from 'express';
import { z } from 'zod';

import { assertReleaseTag, type PublishCondition, type RemoveCondition } from '#storage';

import { strongTags } from '../http/conditional.js';
import { ProblemError } from '../problems/problem.js';
import type { WriteOptions } from './write-options.js';

const flagSchema = z.stringbool({
  truthy: ['true', '1', 'yes', 'on'],
  falsy: ['false', '0', 'no', 'off'],
  error: 'expected true or false',
});
const SHA256 = /^[0-9a-f]{64}$/i;

/** A SHA-256 in lower-case hexadecimal, and where it stands in the request. */
interface Checksum {
  readonly name: string;
  readonly hex: string;
}

/**
 * Reads the options of an upload: `?overwrite=`, `If-Match`, `If-None-Match: *`, and the checksum from
 * `?digest=sha256:<hex>` or `X-Checksum-Sha256`. Throws `invalid_parameter` or `bad_request`.
 *
 * @param digests - Further checksums of the package, which must agree with that one.
 */
export function parseWriteOptions(request: Request, digests: readonly Checksum[] = []): WriteOptions {
  const overwrite = parseFlag(request, 'overwrite');
  return { condition: publishCondition(request, overwrite), sha256: parseChecksum(request, digests) };
}

/**
 * The tag of the release that `?release=` names; undefined where it is not there, but not where it is empty, as one that a
 * script forgot to set would be. Throws `invalid_release_tag`.
 */
export function parseRelease(request: Request): string | undefined {
  const { release } = request.query;
  if (release === undefined) return undefined;
  const tag = typeof release === 'string' ? release : '';
  assertReleaseTag(tag);
  return tag;
}

/** Whether the package may only go into a draft, from `?draft=`. Throws `invalid_parameter`. */
export function parseOnlyDraft(request: Request): boolean {
  return parseFlag(request, 'draft');
}

/** The revisions that a DELETE may remove, from `If-Match`. */
export function parseRemoveCondition(request: Request): RemoveCondition {
  const ifMatch = request.get('If-Match');
  return ifMatch === undefined ? 'present' : matchCondition(ifMatch);
}

function publishCondition(request: Request, overwrite: boolean): PublishCondition {
  const ifMatch = request.get('If-Match');
  if (ifMatch !== undefined) return matchCondition(ifMatch);
  const ifNoneMatch = request.get('If-None-Match');
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return 'absent';
    throw new ProblemError('bad_request', 'If-None-Match on an upload can only be *.');
  }
  return overwrite ? 'any' : 'absent';
}

function matchCondition(ifMatch: string): RemoveCondition {
  const tags = strongTags(ifMatch);
  return tags === '*' ? 'present' : { revisions: tags };
}

function parseFlag({ query }: Request, parameter: string): boolean {
  if (query[parameter] === undefined) return false;
  const result = flagSchema.safeParse(query[parameter]);
  if (result.success) return result.data;
  throw new ProblemError('invalid_parameter', `${parameter}: expected true or false.`, {
    members: { parameter },
  });
}

/**
 * SHA-256 that the header fields name for a body that is the package itself: `Repr-Digest` and `Content-Digest`
 * (RFC 9530), and `Digest` (RFC 3230), which came before them. Other algorithms are not checked, as they allow.
 */
export function bodyDigests(headers: IncomingHttpHeaders): Checksum[] {
  return ['Repr-Digest', 'Content-Digest', 'Digest'].flatMap((name) => {
    const members = String(headers[name.toLowerCase()] ?? '').split(',');
    return members
      .map((member) => member.trim())
      .filter((member) => /^sha-256=/i.test(member))
      .map((member) => {
        const base64 = /^[^=]*=:?([A-Za-z0-9+/]{43}=):?$/.exec(member)?.[1];
        if (base64 === undefined) {
          throw new ProblemError('bad_request', `${name}: expected sha-256 with 32 bytes in Base64.`);
        }
        return { name, hex: Buffer.from(base64, 'base64').toString('hex') };
      });
  });
}

/** The one checksum that the request names, however often. */
function parseChecksum(request: Request, others: readonly Checksum[]): string | undefined {
  const named = [...headerChecksum(request), ...queryChecksum(request), ...others];
  const [first] = named;
  const other = named.find(({ hex }) => hex !== first?.hex);
  if (first !== undefined && other !== undefined) {
    throw new ProblemError('bad_request', `${first.name} and ${other.name} name different checksums.`);
  }
  return first?.hex;
}

function headerChecksum(request: Request): Checksum[] {
  const header = request.get('X-Checksum-Sha256')?.trim();
  if (header === undefined) return [];
  if (!SHA256.test(header)) {
    throw new ProblemError('bad_request', 'X-Checksum-Sha256: expected 64 hexadecimal digits.');
  }
  return [{ name: 'X-Checksum-Sha256', hex: header.toLowerCase() }];
}

function queryChecksum(request: Request): Checksum[] {
  const parameter = request.query['digest'];
  if (parameter === undefined) return [];
  const hex = typeof parameter === 'string' && parameter.startsWith('sha256:') ? parameter.slice(7) : '';
  if (!SHA256.test(hex)) {
    throw new ProblemError('invalid_parameter', 'digest: expected sha256: and 64 hexadecimal digits.', {
      members: { parameter: 'digest' },
    });
  }
  return [{ name: 'digest', hex: hex.toLowerCase() }];
}
