import type { Readable } from 'node:stream';

import type { Request, Response } from 'express';
import multer, { type StorageEngine } from 'multer';

import { StorageError, type StagedPackage } from '#storage';

import { ProblemError } from '../http/problem.js';

/** The form field that carries the package. */
const FIELD = 'file';
/** Bytes that a multipart body may have beyond its package: boundaries, part headers, small text fields. */
export const MULTIPART_OVERHEAD = 64 * 1024;
const LIMITS = { files: 1, fields: 16, parts: 17, fieldSize: 1024, fieldNameSize: 100, fieldNestingDepth: 0 };

/** What becomes of the file while the body is parsed. */
export interface MultipartTarget {
  /** Takes the file's bytes as they come. */
  stage(name: string, body: Readable): Promise<StagedPackage>;
  /** Drops what `stage` took, when a later part of the body is broken. */
  discard(staged: StagedPackage): Promise<void>;
}

/** A received multipart upload: nothing is published yet. */
export interface MultipartUpload {
  readonly name: string;
  readonly staged: StagedPackage;
}

/**
 * Parses a `multipart/form-data` body (RFC 7578) with multer, whose storage engine streams the file straight
 * into the store. Rejects as soon as something is wrong, while multer itself would read the body to its end
 * first. Rejects with `malformed_multipart`, `missing_file`, or whatever `stage` rejects with.
 *
 * @param maxSize - Most bytes of the package.
 */
export function receiveMultipart(
  request: Request,
  response: Response,
  target: MultipartTarget,
  maxSize: number,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  return new Promise((resolve, reject) => {
    let upload: MultipartUpload | undefined;
    let failed = false;
    const drop = async (): Promise<void> => {
      const staged = upload?.staged;
      upload = undefined;
      if (staged !== undefined) await target.discard(staged);
    };
    const fail = (error: Error): void => {
      failed = true;
      reject(error);
      drop().catch(() => undefined);
    };
    const storage: StorageEngine = {
      _handleFile: (_request, file, callback) => {
        target.stage(file.originalname, file.stream).then(
          (staged) => {
            upload = { name: file.originalname, staged };
            if (failed) drop().catch(() => undefined);
            callback(null, {});
          },
          (error: unknown) => {
            fail(error as Error);
            callback(error);
          },
        );
      },
      _removeFile: (_request, _file, callback) => {
        drop().then(() => callback(null), callback);
      },
    };
    const options = {
      storage,
      limits: LIMITS,
      // The name is judged as it was sent, and never cut to what might pass.
      preservePath: true,
      defParamCharset: 'utf8',
      streamHandler: (_request: Request, parser: NodeJS.WritableStream) => {
        watchParser(request, parser, fail);
        watchLength(request, maxSize, fail);
        request.pipe(parser);
      },
    };
    signal.addEventListener('abort', () => fail(signal.reason as Error));
    multer(options).single(FIELD)(request, response, (error: unknown) => {
      if (error !== undefined) fail(malformed(error instanceof Error ? error.message : 'not valid'));
      else if (upload === undefined) fail(missingFile(`The form has no file field named ${FIELD}.`));
      else resolve(upload);
    });
  });
}

/** Whether the request says that it is multipart. */
export function assertMultipart(request: Request): void {
  if (request.is('multipart/form-data') !== false) return;
  throw missingFile(
    `Send multipart/form-data with a file field named ${FIELD}, or PUT the bytes to /assets/{filename}.`,
  );
}

function watchParser(request: Request, parser: NodeJS.WritableStream, fail: (error: Error) => void): void {
  let files = 0;
  parser.on('file', (field: string, _stream: Readable, { filename }: { filename?: string }) => {
    files += 1;
    if (field !== FIELD)
      fail(missingFile(`The file is in the field ${JSON.stringify(field)}, not in ${FIELD}.`));
    else if (!filename) fail(noName());
    else if (files > 1) fail(malformed('more than one file'));
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

/** Ends a chunked body whose parts are within their limits and that goes on nevertheless. */
function watchLength(request: Request, maxSize: number, fail: (error: Error) => void): void {
  let left = maxSize + MULTIPART_OVERHEAD;
  request.on('data', (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0)
      fail(new StorageError('package_too_large', `The upload is larger than the limit of ${maxSize} bytes.`));
  });
}

function malformed(why: string): ProblemError {
  return new ProblemError('malformed_multipart', `The multipart body is malformed: ${why}.`);
}

function missingFile(detail: string): ProblemError {
  return new ProblemError('missing_file', detail);
}

function noName(): StorageError {
  return new StorageError('invalid_package_name', `The part ${FIELD} has no filename.`);
}
