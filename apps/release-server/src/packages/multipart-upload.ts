import { finished, type Readable } from 'node:stream';

import type { Request, Response } from 'express';
import multer, { type StorageEngine } from 'multer';

import type { StagedPackage } from '#storage';

import { FIELD, malformed, missingFile, watchForm } from './multipart-watch.js';

const LIMITS = { files: 1, fields: 16, parts: 17, fieldSize: 1024, fieldNameSize: 100, fieldNestingDepth: 0 };

/** What becomes of the file while the body is parsed. */
export interface MultipartTarget {
  /** Takes the file's bytes as they come; `signal` aborts when the rest of the body is not worth waiting for. */
  stage(name: string, body: Readable, signal: AbortSignal): Promise<StagedPackage>;
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
 * into the store. Rejects as soon as something is wrong and nothing is left staged, while multer itself would
 * read the body to its end first. Rejects with `malformed_multipart`, `missing_file`, the reason of `signal`,
 * or whatever `stage` rejects with.
 *
 * @param maxSize - Most bytes of the package.
 */
export async function receiveMultipart(
  request: Request,
  response: Response,
  target: MultipartTarget,
  maxSize: number,
  signal: AbortSignal,
): Promise<MultipartUpload> {
  const failure = new AbortController();
  const stop = AbortSignal.any([signal, failure.signal]);
  const fail = (error: unknown): void => failure.abort(error);
  const engine = new StagingEngine(target, stop, fail);
  // Multer would wait for ever for a client that left before it began.
  const stopWatching = finished(request, { writable: false }, (error) => {
    if (error !== null && error !== undefined) fail(error);
  });
  try {
    await Promise.race([parse(request, response, engine, maxSize, fail), rejectOn(stop)]);
    const upload = await engine.upload();
    if (upload === undefined) throw missingFile(`The form has no file field named ${FIELD}.`);
    return upload;
  } catch (error) {
    fail(error);
    await engine.discard();
    // The first thing that went wrong, not what followed from it.
    throw stop.reason;
  } finally {
    stopWatching();
    // Until it aborts, a signal made of others is kept with all that listens to it, such as this request.
    failure.abort();
  }
}

/** Multer's storage engine on a {@link MultipartTarget}, for one file. */
class StagingEngine implements StorageEngine {
  private staging: Promise<MultipartUpload> | undefined;

  constructor(
    private readonly target: MultipartTarget,
    private readonly signal: AbortSignal,
    private readonly fail: (error: unknown) => void,
  ) {}

  _handleFile(_request: Request, file: Express.Multer.File, callback: (error?: unknown) => void): void {
    const name = file.originalname;
    this.staging = this.target.stage(name, file.stream, this.signal).then((staged) => ({ name, staged }));
    this.staging.then(
      () => callback(null),
      (error: unknown) => {
        this.fail(error);
        callback(error);
      },
    );
  }

  _removeFile(_request: Request, _file: Express.Multer.File, callback: (error: Error | null) => void): void {
    this.discard().then(() => callback(null), callback);
  }

  /** What was received, if a file was. */
  async upload(): Promise<MultipartUpload | undefined> {
    return this.staging;
  }

  async discard(): Promise<void> {
    const upload = await this.staging?.catch(() => undefined);
    this.staging = undefined;
    if (upload !== undefined) await this.target.discard(upload.staged);
  }
}

function parse(
  request: Request,
  response: Response,
  storage: StorageEngine,
  maxSize: number,
  fail: (error: unknown) => void,
): Promise<void> {
  const options = {
    storage,
    limits: LIMITS,
    // The name is judged as it was sent, and never cut to what might pass.
    preservePath: true,
    defParamCharset: 'utf8',
    streamHandler: (_request: Request, busboy: NodeJS.WritableStream) => {
      watchForm(request, busboy, maxSize, fail);
      request.pipe(busboy);
    },
  };
  return new Promise((resolve, reject) => {
    multer(options).single(FIELD)(request, response, (error: unknown) => {
      if (error === undefined) resolve();
      else reject(malformed(error instanceof Error ? error.message : 'not valid'));
    });
  });
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Whether the request says that it is multipart. */
export function assertMultipart(request: Request): void {
  if (request.is('multipart/form-data') !== false) return;
  throw missingFile(
    `Send multipart/form-data with a file field named ${FIELD}, or PUT the bytes to /assets/{filename}.`,
  );
}
