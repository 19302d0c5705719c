import type { Readable } from 'node:stream';

import type { Request } from 'express';

import { StorageError } from '#storage';

import { ProblemError } from '../problems/problem.js';
import { assertPlainPart, type PartHeaders } from './upload-headers.js';

/** The form field that carries the package. */
export const FIELD = 'file';
/** Bytes that a multipart body may have beyond its package: boundaries, part headers, small text fields. */
export const MULTIPART_OVERHEAD = 64 * 1024;
/** Most bytes that come from a connection at once, and so may hold the beginning of the file as well. */
const READ = 64 * 1024;

/**
 * Calls `fail` as soon as a form is not what it should be, which multer tells at its end or not at all.
 *
 * @param maxSize - Most bytes of the package.
 */
export function watchForm(
  request: Request,
  parser: NodeJS.WritableStream,
  maxSize: number,
  fail: (error: unknown) => void,
): void {
  watchParts(request, parser, watchPartHeaders(parser), fail);
  watchHeaders(parser, fail);
  watchLength(request, parser, maxSize, fail);
}

function watchParts(
  request: Request,
  parser: NodeJS.WritableStream,
  headers: () => PartHeaders,
  fail: (error: unknown) => void,
): void {
  let files = 0;
  parser.on('file', (field: string, _stream: Readable, { filename }: { filename?: string }) => {
    files += 1;
    if (isPastEnd(parser)) fail(malformed('a part follows its end'));
    else if (field !== FIELD)
      fail(missingFile(`The file is in the field ${JSON.stringify(field)}, not in ${FIELD}.`));
    else if (!filename) fail(noName());
    else if (files > 1) fail(malformed('more than one file'));
    else failWith(() => assertPlainPart(headers()), fail);
  });
  parser.on('field', (field: string) => {
    if (field === FIELD) fail(noName());
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit']) {
    parser.on(limit, () => fail(malformed('too many parts')));
  }
  parser.on('error', (error: Error) => fail(malformed(error.message)));
  // Multer lets go of the parser when it gives up, and only then reads what is left of the body.
  parser.on('unpipe', () => {
    if (!request.readableEnded) setImmediate(() => fail(malformed('a part is not as expected')));
  });
}

/**
 * Whether the parser has met the closing delimiter. It parses on to the end of the chunk that holds it and ignores
 * what comes then, so that a file that begins there would never end.
 */
function isPastEnd(parser: NodeJS.WritableStream): boolean {
  return Reflect.get(parser, '_complete') === true;
}

function failWith(check: () => void, fail: (error: unknown) => void): void {
  try {
    check();
  } catch (error) {
    fail(error);
  }
}

/** The parser's reader of part headers, of which it has one for all parts. */
interface HeaderReader {
  cb: (headers: PartHeaders) => void;
}

/**
 * Gives the headers of the part that is being parsed. The parser keeps them from its listeners, and sets its reader only
 * when it meets the first part.
 */
function watchPartHeaders(parser: NodeJS.WritableStream): () => PartHeaders {
  let current: PartHeaders = {};
  let reader: HeaderReader | null = null;
  let isWatched = false;
  Object.defineProperty(parser, '_hparser', {
    get: () => reader,
    set: (next: HeaderReader | null) => {
      reader = next;
      if (next === null || isWatched) return;
      isWatched = true;
      const report = next.cb;
      next.cb = (headers) => {
        current = headers;
        report(headers);
      };
    },
  });
  return () => current;
}

/**
 * A part that ends within its header is none. The parser goes on with the header of the next as if it were the same, and
 * would take what is left of that for the bytes of the file.
 */
function watchHeaders(parser: NodeJS.WritableStream, fail: (error: unknown) => void): void {
  const search = Reflect.get(parser, '_bparser') as { _cb: (isMatch: boolean, ...data: unknown[]) => void };
  const report = search._cb;
  search._cb = (isMatch, ...data) => {
    report(isMatch, ...data);
    const isInHeader = Reflect.get(parser, '_hparser') !== null;
    if (isMatch && isInHeader) fail(malformed('a part ends within its header'));
  };
}

/** Ends a body that goes on beyond its limits, as a whole or around its file, whatever its parts are. */
function watchLength(
  request: Request,
  parser: NodeJS.WritableStream,
  maxSize: number,
  fail: (error: unknown) => void,
): void {
  let left = maxSize + MULTIPART_OVERHEAD;
  let leftAround = MULTIPART_OVERHEAD + READ;
  let isInFile = false;
  parser.on('file', (_field: string, stream: Readable) => {
    isInFile = true;
    stream.once('end', () => (isInFile = false));
  });
  request.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (!isInFile) leftAround -= chunk.length;
    if (left < 0)
      fail(new StorageError('package_too_large', `The upload is larger than the limit of ${maxSize} bytes.`));
    else if (leftAround < 0) fail(malformed('too much beside the file'));
  });
}

export function malformed(why: string): ProblemError {
  return new ProblemError('malformed_multipart', `The multipart body is malformed: ${why}.`);
}

export function missingFile(detail: string): ProblemError {
  return new ProblemError('missing_file', detail);
}

function noName(): StorageError {
  return new StorageError('invalid_package_name', `The part ${FIELD} has no filename.`);
}
