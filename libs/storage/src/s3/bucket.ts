import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import type * as Sdk from '@aws-sdk/client-s3';

import { releaseChunk } from '../chunk-memory.js';
import { fileOf, folderTagOf } from '../package-name.js';
import { StorageError } from '../storage.errors.js';
import type { BufferPool } from '../staging/buffer-pool.js';
import { failureOf, statusOf } from './failure.js';
import { FileBody } from './file-body.js';
import { MAX_INDEX_BYTES } from './index-document.js';
import type { S3Options } from './s3.options.js';

/** Tries of what may be done twice, and milliseconds before the second. */
const TRIES = 4;
const PAUSE_MS = 100;
/** Milliseconds for a connection, for an answer to a small request, and without a byte of a large one. */
const CONNECT_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 10_000;
const STALL_TIMEOUT_MS = 130_000;
/** Milliseconds for all tries of a small request; a large one is tried again only within the time of a stall. */
const PATIENCE_MS = 15_000;

export interface Conditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: '*';
}

/** What a blob says of itself. */
export interface BlobMetadata {
  /** Hexadecimal SHA-256. */
  readonly sha256: string;
  /** That of the package. */
  readonly name: string;
  /** Publish time, in milliseconds since the epoch, where it is another than that of the write. */
  readonly createdAt?: number | undefined;
  /** Whether it was written for the folder of a draft. */
  readonly isDraft?: boolean;
}

/** A blob that is on the local disk. */
export interface LocalBlob extends BlobMetadata {
  readonly path: string;
  readonly size: number;
}

export interface Listed {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly modified: number;
}

/** The body of an answer, and what it is read from. */
type AnswerBody = Readable & { readonly socket: Readable };

/** The object store, by the few requests that are made of it. What fails for a while is tried again here. */
export class Bucket {
  private constructor(
    private readonly sdk: typeof Sdk,
    private readonly client: Sdk.S3Client,
    private readonly name: string,
  ) {}

  /** Loads the SDK, which a server without it never does. Makes no request. */
  static async connect(options: S3Options): Promise<Bucket> {
    const [sdk, { NodeHttpHandler }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('@smithy/node-http-handler'),
    ]);
    // The default of 50 sockets would have slow downloads starve everything else.
    const agent = { keepAlive: true, maxSockets: 1024 };
    const client = new sdk.S3Client({
      ...(options.region === undefined ? {} : { region: options.region }),
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
      forcePathStyle: options.forcePathStyle,
      requestHandler: new NodeHttpHandler({
        connectionTimeout: CONNECT_TIMEOUT_MS,
        socketTimeout: STALL_TIMEOUT_MS,
        throwOnRequestTimeout: true,
        httpAgent: agent,
        httpsAgent: agent,
      }),
      // Its own retry cannot read a stream again, and would turn a commit whose answer was lost into a conflict.
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      // The index is written without asking first whether to, which would be another round trip.
      expectContinueHeader: MAX_INDEX_BYTES,
      logger: QUIET,
    });
    return new Bucket(sdk, client, options.bucket);
  }

  /** Rejects, with a word on what is wrong, when the bucket cannot be used. */
  async check(): Promise<void> {
    await this.client.config.region().catch((error: unknown) => {
      throw new StorageError('storage_failed', 'No region is given: see s3.region.', { cause: error });
    });
    // Not HEAD, whose answer has no body to say what is wrong.
    await this.again('asking for the bucket', (patience) =>
      this.client.send(new this.sdk.ListObjectsV2Command({ Bucket: this.name, MaxKeys: 1 }), small(patience)),
    );
  }

  /** A small object whole, unless it is still the one with that tag. */
  async get(key: string, etag?: string): Promise<{ body: Buffer; etag: string } | 'unchanged' | 'missing'> {
    try {
      return await this.again(`reading ${key}`, async (patience) => {
        const command = new this.sdk.GetObjectCommand({ Bucket: this.name, Key: key, IfNoneMatch: etag });
        const { Body, ETag = '', ContentLength = 0 } = await this.client.send(command, small(patience));
        if (ContentLength > MAX_INDEX_BYTES) {
          (Body as Readable).destroy();
          throw new StorageError(
            'storage_failed',
            `${key} has ${ContentLength} bytes, more than the ${MAX_INDEX_BYTES} that are read: see "Repair the index" in docs/storage.md.`,
          );
        }
        return { body: Buffer.from((await Body?.transformToByteArray()) ?? []), etag: ETag };
      });
    } catch (error) {
      if (statusOf(error) === 304) return 'unchanged';
      if (statusOf(error) === 404) return 'missing';
      throw error;
    }
  }

  /**
   * Writes a small object once and returns its tag, or undefined where a condition does not hold. Not tried again: after
   * an error the outcome is unknown.
   *
   * @param body - Whole, or in pieces.
   */
  async put(
    key: string,
    body: Buffer | readonly Buffer[],
    conditions: Conditions,
    sha256?: string,
  ): Promise<string | undefined> {
    // In one write: who refuses early closes the connection, and a later write would fail before the answer is read.
    const whole = Buffer.isBuffer(body) ? body : Buffer.concat(body);
    try {
      return await this.request(`writing ${key}`, async () => {
        const digest = createHash('sha256').update(whole).digest();
        const command = new this.sdk.PutObjectCommand({
          Bucket: this.name,
          Key: key,
          Body: whole,
          ContentType: 'application/json',
          ChecksumSHA256: sha256 ?? digest.toString('base64'),
          IfMatch: conditions.ifMatch,
          IfNoneMatch: conditions.ifNoneMatch,
        });
        signWith(command, digest.toString('hex'));
        const isSent = watchSending(command);
        const { ETag = '' } = await this.client.send(command, small(ANSWER_TIMEOUT_MS));
        if (whole !== body && isSent()) releaseChunk(whole);
        return ETag;
      });
    } catch (error) {
      // Another conditional write of the same object is in flight (409), has been (412), or it is gone (404).
      if (error instanceof StorageError) throw error;
      return undefined;
    }
  }

  /** Copies a file into a new object, through buffers of these; each retry reads it again. */
  async upload(key: string, blob: LocalBlob, buffers: Pick<BufferPool, 'lease'>): Promise<void> {
    const { path, size, sha256 } = blob;
    const uploading = async (): Promise<void> => {
      const file = await open(path);
      const lease = buffers.lease();
      const body = new FileBody(file, lease.pair);
      try {
        const command = new this.sdk.PutObjectCommand({
          Bucket: this.name,
          Key: key,
          Body: body,
          ContentLength: size,
          ContentType: 'application/octet-stream',
          ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
          Metadata: metadataOf(blob),
        });
        signWith(command, sha256);
        await this.client.send(command);
      } finally {
        await body.stop();
        lease.release();
        await file.close();
      }
    };
    await this.again(`writing ${key}`, uploading, STALL_TIMEOUT_MS);
  }

  /** Copies a blob into a new object with other metadata, within the store. */
  async copy(from: string, to: string, blob: BlobMetadata): Promise<void> {
    const source = `${this.name}/${from}`.split('/').map(encodeURIComponent).join('/');
    const copying = async (): Promise<void> => {
      const command = new this.sdk.CopyObjectCommand({
        Bucket: this.name,
        Key: to,
        CopySource: source,
        ContentType: 'application/octet-stream',
        Metadata: metadataOf(blob),
        MetadataDirective: 'REPLACE',
      });
      await this.client.send(command);
    };
    await this.again(`copying ${from}`, copying, STALL_TIMEOUT_MS);
  }

  /** Writes a small new object: what has a key of its own may be written twice. */
  async write(key: string, body: Buffer): Promise<void> {
    await this.again(`writing ${key}`, () => this.put(key, body, {}));
  }

  /** The bytes of an object from `start` to `end` inclusive, or fewer where the store ends its answer too soon. */
  async read(key: string, start: number, end: number): Promise<Readable> {
    return this.again(`reading ${key}`, async (requestTimeout) => {
      const command = new this.sdk.GetObjectCommand({
        Bucket: this.name,
        Key: key,
        Range: `bytes=${start}-${end}`,
      });
      // The answer has to begin in time; then it may take as long as who reads it.
      const { Body, ContentRange = 'bytes 0-' } = await this.client.send(command, { requestTimeout });
      const stream = Body as AnswerBody;
      if (ContentRange.startsWith(`bytes ${start}-`)) {
        releaseReads(stream);
        return stream;
      }
      stream.destroy();
      throw new StorageError('storage_failed', `The object store answered another range of ${key}.`);
    });
  }

  async metadata(key: string): Promise<{ size: number; modified: number; metadata: Record<string, string> }> {
    return this.again(`reading ${key}`, async (patience) => {
      const command = new this.sdk.HeadObjectCommand({ Bucket: this.name, Key: key });
      const {
        ContentLength = 0,
        LastModified,
        Metadata = {},
      } = await this.client.send(command, small(patience));
      return { size: ContentLength, modified: LastModified?.getTime() ?? 0, metadata: Metadata };
    });
  }

  /** Does nothing where there is no such object. */
  async delete(key: string): Promise<void> {
    await this.again(`deleting ${key}`, (patience) =>
      this.client.send(new this.sdk.DeleteObjectCommand({ Bucket: this.name, Key: key }), small(patience)),
    );
  }

  async *list(prefix: string): AsyncGenerator<Listed> {
    let token: string | undefined;
    do {
      const page: Sdk.ListObjectsV2CommandOutput = await this.again(`listing ${prefix}`, (patience) =>
        this.client.send(
          new this.sdk.ListObjectsV2Command({ Bucket: this.name, Prefix: prefix, ContinuationToken: token }),
          small(patience),
        ),
      );
      for (const { Key, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key, modified: LastModified?.getTime() ?? 0 };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  /** An address from which anybody can read the object for so many milliseconds, as an attachment of that name. */
  async presign(key: string, disposition: string, expires: number): Promise<string> {
    const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
    const command = new this.sdk.GetObjectCommand({
      Bucket: this.name,
      Key: key,
      ResponseContentDisposition: disposition,
      ResponseContentType: 'application/octet-stream',
    });
    return getSignedUrl(this.client, command, { expiresIn: Math.floor(expires / 1000) });
  }

  close(): void {
    this.client.destroy();
  }

  /**
   * Tries what may be done twice again while the store fails for a while.
   *
   * @param step - Is told for how many milliseconds a small request may be waited for.
   * @param patience - Milliseconds after which it is not tried again.
   */
  private async again<T>(
    doing: string,
    step: (patience: number) => Promise<T>,
    patience = PATIENCE_MS,
  ): Promise<T> {
    const end = performance.now() + patience;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.request(doing, () => step(Math.min(ANSWER_TIMEOUT_MS, end - performance.now())));
      } catch (error) {
        const isPassing = error instanceof StorageError && error.code === 'storage_unavailable';
        const pause = PAUSE_MS * 2 ** (attempt - 1) * (0.5 + Math.random());
        if (attempt === TRIES || !isPassing || performance.now() + pause >= end) throw error;
        await delay(pause);
      }
    }
  }

  private async request<T>(doing: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      throw failureOf(error, doing, this.name);
    }
  }
}

/** As the headers of requests have it, which are ASCII. */
function metadataOf({ sha256, name, createdAt, isDraft }: BlobMetadata): Record<string, string> {
  const tag = folderTagOf({ name });
  return {
    sha256,
    name: fileOf({ name }),
    ...(tag === undefined ? {} : { release: encodeURIComponent(tag) }),
    ...(createdAt === undefined ? {} : { 'created-at': new Date(createdAt).toISOString() }),
    ...(isDraft === true ? { draft: 'true' } : {}),
  };
}

/**
 * Signs a write with the digest of its content, which is known and so not computed again: a store that checks it cannot
 * take a part for the whole.
 *
 * @param sha256 - Hexadecimal.
 */
function signWith({ middlewareStack }: Sdk.PutObjectCommand, sha256: string): void {
  middlewareStack.add(
    (next) => async (args) => {
      (args.request as { headers: Record<string, string> }).headers['x-amz-content-sha256'] = sha256;
      return next(args);
    },
    { step: 'build', name: 'contentDigest' },
  );
}

/**
 * Returns whether all of the body has been handed to the system once the command is answered: a store may answer before,
 * and then the body is still in use.
 */
function watchSending({ middlewareStack }: Sdk.PutObjectCommand): () => boolean {
  let request: Writable | undefined;
  middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { body } = result.response as { readonly body: { readonly req?: Writable } };
      request = body.req;
      return result;
    },
    // Next to the connection, where the answer is still that of node:http.
    { step: 'deserialize', priority: 'low', name: 'sending' },
  );
  return () => request?.writableFinished === true;
}

/**
 * Gives back what an answer was read into once Node's parser has copied the body out of it, which it does at once. As
 * garbage it is as much again as is downloaded.
 */
function releaseReads(answer: AnswerBody): void {
  const { socket } = answer;
  socket.on('data', releaseChunk);
  answer.once('close', () => socket.off('data', releaseChunk));
}

const QUIET = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

function nothing(): void {
  // The SDK would write to the console.
}

function small(patience: number): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(Math.ceil(patience)) };
}
