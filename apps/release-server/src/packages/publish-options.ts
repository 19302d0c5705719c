import type { Request } from 'express';
import { z } from 'zod';

import type { PublishCondition, RemoveCondition } from '#storage';

import { strongTags } from '../http/conditional.js';
import { ProblemError } from '../http/problem.js';

const overwriteSchema = z.stringbool({ error: 'expected true or false' });
const SHA256 = /^[0-9a-f]{64}$/i;

/** How a client wants a package published. */
export interface PublishOptions {
  readonly condition: PublishCondition;
  /** Hexadecimal SHA-256 that the bytes must have. */
  readonly sha256: string | undefined;
}

/**
 * Reads the options of an upload: `?overwrite=`, `If-Match`, `If-None-Match: *`, and the checksum from
 * `?digest=sha256:<hex>` or `X-Checksum-Sha256`. Throws `invalid_parameter` or `bad_request`.
 */
export function parsePublishOptions(request: Request): PublishOptions {
  const overwrite = parseOverwrite(request.query['overwrite']);
  return { condition: publishCondition(request, overwrite), sha256: parseChecksum(request) };
}

/** The versions that a DELETE may remove, from `If-Match`. */
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
  return tags === '*' ? 'present' : { versions: tags };
}

function parseOverwrite(value: unknown): boolean {
  if (value === undefined) return false;
  const result = overwriteSchema.safeParse(value);
  if (result.success) return result.data;
  throw new ProblemError('invalid_parameter', 'overwrite: expected true or false.', {
    members: { parameter: 'overwrite' },
  });
}

function parseChecksum(request: Request): string | undefined {
  const header = request.get('X-Checksum-Sha256')?.trim();
  if (header !== undefined && !SHA256.test(header)) {
    throw new ProblemError('bad_request', 'X-Checksum-Sha256: expected 64 hexadecimal digits.');
  }
  const parameter = request.query['digest'];
  if (parameter === undefined) return header?.toLowerCase();
  const hex = typeof parameter === 'string' && parameter.startsWith('sha256:') ? parameter.slice(7) : '';
  if (!SHA256.test(hex)) {
    throw new ProblemError('invalid_parameter', 'digest: expected sha256: and 64 hexadecimal digits.', {
      members: { parameter: 'digest' },
    });
  }
  if (header !== undefined && header.toLowerCase() !== hex.toLowerCase()) {
    throw new ProblemError('bad_request', 'X-Checksum-Sha256 and digest name different checksums.');
  }
  return hex.toLowerCase();
}
