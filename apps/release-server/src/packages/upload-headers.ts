import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

import { announcedLength } from '../server/request-body.js';
import { ProblemError } from '../problems/problem.js';

/** The header fields of a part of a form, by their names in lower case. */
export type PartHeaders = Readonly<Record<string, readonly string[] | undefined>>;

/** Content-Transfer-Encoding that leaves the bytes as they are (RFC 2045 §6.2). */
const PLAIN_ENCODINGS = new Set(['7bit', '8bit', 'binary']);
const FORM_TYPE = 'application/x-www-form-urlencoded';
/** A part of a package by its own type: resumable uploads of the IETF draft and of tus. */
const PARTIAL_TYPES = new Set(['application/partial-upload', 'application/offset+octet-stream']);
/** A part of a message, or where to find one (RFC 2046 §5.2). */
const INCOMPLETE_TYPES = new Set(['message/partial', 'message/external-body']);
const HOW_TO_PUT = 'Send the bytes as they are: curl -T FILE, or Content-Type: application/octet-stream';

/**
 * What an upload says of its body is checked before a byte of it is read, for what is stored has to be what was
 * sent. Refuses a content coding, which nobody would undo, and a body that is only a part of a package.
 *
 * @returns The bytes that the package has by its Content-Range, where there is one.
 */
export function wholeSize(headers: IncomingHttpHeaders): number | undefined {
  assertNoCoding(headers['content-encoding']);
  assertNoTransferEncoding(headers['content-transfer-encoding']);
  if (isPartial(headers)) throw partial('Resumable uploads are not supported');
  return sizeOfRange(headers['content-range']);
}

/** As {@link bodySize}, where the type of the body tells what it is: a form is refused. */
export function rawSize(request: IncomingMessage): number | undefined {
  // Of a list, which is none, another reader may take any member.
  const types = (request.headersDistinct['content-type'] ?? []).flatMap((line) => line.split(','));
  for (const type of types) assertRawType(type);
  return bodySize(request);
}

/** As {@link wholeSize}, for a body that is the package itself, of whatever type. @returns Its bytes, where it says them. */
export function bodySize(request: IncomingMessage): number | undefined {
  const announced = announcedLength(request);
  const whole = wholeSize(request.headers);
  if (whole !== undefined && announced !== undefined && whole !== announced) {
    throw partial(`Content-Range says that the package has ${whole} bytes, and the body has ${announced}`);
  }
  return announced ?? whole;
}

/** Throws when the part of a form that holds the file says that its content is not the file's own bytes. */
export function assertPlainPart(headers: PartHeaders): void {
  for (const encoding of headers['content-transfer-encoding'] ?? []) {
    if (isPlain(encoding)) continue;
    throw new ProblemError(
      'malformed_multipart',
      'The file in the form has a Content-Transfer-Encoding; send its bytes as they are, as binary.',
    );
  }
  for (const coding of headers['content-encoding'] ?? []) assertNoCoding(coding);
  if (headers['content-range'] !== undefined) throw partial('The file in the form has a Content-Range');
  if (headers['content-type']?.some((type) => mediaType(type).startsWith('multipart/')) === true) {
    throw new ProblemError(
      'malformed_multipart',
      'The file in the form is a multipart body itself; send its bytes as they are, one file a form.',
    );
  }
}

function assertRawType(contentType: string): void {
  const type = mediaType(contentType);
  if (type.startsWith('multipart/')) {
    throw new ProblemError(
      'unsupported_media_type',
      `A ${type} body would be stored with its boundaries. ${HOW_TO_PUT}; a form goes to POST /upload.`,
    );
  }
  if (type === FORM_TYPE) {
    throw new ProblemError(
      'unsupported_media_type',
      `${FORM_TYPE} is what curl sends with --data, which drops line breaks from a file. ${HOW_TO_PUT}.`,
    );
  }
  if (INCOMPLETE_TYPES.has(type)) {
    throw new ProblemError(
      'unsupported_media_type',
      `A ${type} body is not the whole package. ${HOW_TO_PUT}.`,
    );
  }
  if (PARTIAL_TYPES.has(type)) {
    throw new ProblemError('unsupported_media_type', `Resumable uploads are not supported. ${HOW_TO_PUT}.`);
  }
}

/** Content codings are stacked in a list, in which `identity` stands for none (RFC 9110 §8.4). */
function assertNoCoding(contentEncoding: string | undefined): void {
  const codings = (contentEncoding ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  if (codings.every((coding) => coding === '' || coding === 'identity')) return;
  throw new ProblemError(
    'unsupported_content_coding',
    'Packages are stored as they are sent, so a Content-Encoding would be lost. Send the bytes without one.',
    { headers: { 'Accept-Encoding': 'identity' } },
  );
}

/** HTTP has no such field (RFC 9110 §8.4), but clients of mail send it with a body that is coded. */
function assertNoTransferEncoding(encoding: string | readonly string[] | undefined): void {
  if (encoding === undefined || [encoding].flat().every(isPlain)) return;
  throw new ProblemError(
    'unsupported_content_coding',
    'Packages are stored as they are sent, so a Content-Transfer-Encoding would be lost. Send the bytes without one.',
    { headers: { 'Accept-Encoding': 'identity' } },
  );
}

function isPlain(encoding: string): boolean {
  return PLAIN_ENCODINGS.has(encoding.trim().toLowerCase());
}

/** A PUT of a part would replace the whole (RFC 9110 §14.5); only a range that is the whole can pass. */
function sizeOfRange(contentRange: string | undefined): number | undefined {
  if (contentRange === undefined) return undefined;
  const [, first, last, size] = /^bytes +(\d{1,15})-(\d{1,15})\/(\d{1,15})$/i.exec(contentRange.trim()) ?? [];
  if (size !== undefined && Number(first) === 0 && Number(last) === Number(size) - 1) return Number(size);
  throw partial('Content-Range says that the body is only a part');
}

/** By the fields of the IETF draft on resumable uploads, in its present and its first form. */
function isPartial(headers: IncomingHttpHeaders): boolean {
  return (
    headers['upload-complete'] === '?0' ||
    headers['upload-incomplete'] === '?1' ||
    Number(headers['upload-offset'] ?? 0) !== 0
  );
}

function partial(why: string): ProblemError {
  return new ProblemError('partial_upload', `${why}. Send the whole package in one request.`);
}

function mediaType(contentType: string): string {
  return contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
