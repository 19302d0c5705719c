import { finished, Readable } from 'node:stream';

import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';

import { StorageError } from '#storage';

import { ProblemError } from '../problems/problem.js';
import { malformed, MultipartInspector } from './multipart-inspector.js';
import { assertPlainPart } from './upload-headers.js';

/** The form field that carries the package. */
const FIELD = 'file';
const LIMITS = { files: 1, fields: 16, parts: 17, fieldSize: 1024, fieldNameSize: 100, fieldNestingDepth: 0 };

interface Options extends multer.Options {
  /** Feeds the parser; the types of multer do not know it yet. */
  readonly streamHandler: (request: Request, parser: NodeJS.WritableStream) => void;
}

/** What the parser says of a file beside its field. */
interface ParsedFile {
  readonly filename?: string;
}

/** The file in a form. */
export interface FormFile {
  /** As it was sent, with any path, so that it is judged and never cut to what might pass. */
  readonly name: string;
  /** Its bytes. Ends once all of the form has been read and was right, and fails with what was wrong. */
  readonly content: Readable;
}

/**
 * Reads a `multipart/form-data` body (RFC 7578) by multer up to its file, and the rest as the file's content is read.
 * Destroy that to read no more. Rejects, as the content fails, as soon as something is wrong: with
 * `malformed_multipart`, `missing_file`, `package_too_large` or the reason of `signal`.
 *
 * @param maxSize - Most bytes of the file.
 */
export function openForm(
  request: Request,
  response: Response,
  maxSize: number,
  signal: AbortSignal,
): Promise<FormFile> {
  const { promise, resolve, reject } = Promise.withResolvers<FormFile>();
  const body = new MultipartInspector(request.headers, { maxSize, assertFile: assertPlainPart });
  let content: Readable | undefined;

  const storage: StorageEngine = {
    _handleFile: (_request, { originalname: name, stream }, done) => {
      content = body.takeFile();
      // Nobody may be reading it yet, or any more.
      content.on('error', () => undefined).once('close', () => body.destroy());
      stream.once('end', () => done()).once('error', done);
      stream.resume();
      resolve({ name, content });
    },
    // The reader of the content keeps nothing of one that fails.
    _removeFile: (_request, _file, done) => done(null),
  };
  const options: Options = {
    storage,
    limits: LIMITS,
    preservePath: true,
    defParamCharset: 'utf8',
    streamHandler: (_body, parser) => {
      // Before multer, which skips a file without a name.
      parser.prependListener('file', (field: string, _stream: Readable, { filename }: ParsedFile) => {
        if (field !== FIELD) body.destroy(otherField(field));
        else if (!filename) body.destroy(noName());
      });
      parser.on('field', (field: string) => {
        if (field === FIELD) body.destroy(noName());
      });
      body.feed(parser);
      request.pipe(body);
    },
  };

  const onAbort = (): void => void body.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort);
  const stopWatching = finished(request, { writable: false }, (error) => {
    if (error !== null && error !== undefined) body.destroy(error);
  });
  // Multer reads the header fields and the bytes of a request, and leaves its fields there.
  multer(options).single(FIELD)(body as unknown as Request, response, (error: unknown) => {
    signal.removeEventListener('abort', onAbort);
    stopWatching();
    const problem = error === undefined ? undefined : (body.errored ?? problemOf(error));
    if (problem !== undefined) content?.destroy(problem);
    else content?.push(null);
    reject(problem ?? missingFile(`The form has no file field named ${FIELD}.`));
  });
  return promise;
}

function problemOf(error: unknown): ProblemError {
  if (error instanceof MulterError && error.code.endsWith('_COUNT')) return malformed('too many parts');
  return malformed(error instanceof Error ? error.message : 'not valid');
}

/** Whether the request says that it is multipart. */
export function assertMultipart(request: Request): void {
  if (request.is('multipart/form-data') !== false) return;
  throw missingFile(
    `Send multipart/form-data with a file field named ${FIELD}, or PUT the bytes to /assets/{filename}.`,
  );
}

function missingFile(detail: string): ProblemError {
  return new ProblemError('missing_file', detail);
}

function otherField(field: string): ProblemError {
  return missingFile(`The file is in the field ${JSON.stringify(field)}, not in ${FIELD}.`);
}

function noName(): StorageError {
  return new StorageError('invalid_package_name', `The part ${FIELD} has no filename.`);
}
