import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import type { Request, Response } from 'express';
import { LRUCache } from 'lru-cache';

import { noneMatchHits } from './conditional.js';

/** An answer that is made once and sent many times. */
export interface PreparedBody {
  readonly contentType: string;
  readonly body: Buffer;
  /** The strong tag of `body` as it is, in quotes. */
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How to compress it for clients that can read it so, each once; empty for what is always sent as it is. */
  readonly codings: ReadonlyMap<Coding, () => Promise<Buffer>>;
}

export interface PrepareOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether clients may have it compressed (RFC 9110 §8.4). */
  readonly compressible?: boolean;
}

/** In the order of preference. */
const CODINGS = ['br', 'gzip'] as const;
type Coding = (typeof CODINGS)[number];

const COMPRESS: Record<Coding, (content: Buffer) => Promise<Buffer>> = {
  br: (content) =>
    // Denser than gzip and as fast; the densest takes half a second for a page.
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: promisify(gzip),
};

export function prepareBody(
  contentType: string,
  content: string | Buffer,
  { headers = {}, compressible = false }: PrepareOptions = {},
): PreparedBody {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
  const codings = new Map(
    compressible ? CODINGS.map((coding) => [coding, once(() => COMPRESS[coding](body))]) : [],
  );
  return { contentType, body, etag, headers, codings };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Bodies made from one state, forgotten when the state is another object. Bounded in number and bytes. */
export class PreparedBodies<State extends object> {
  private readonly bodies = new LRUCache<string, PreparedBody>({
    max: 100,
    maxSize: 32 * 1024 * 1024,
    // What compresses well is at most half as large again for it.
    sizeCalculation: ({ body, codings }) => Math.ceil(body.length * (1 + codings.size / 4)) + 1,
  });
  private state: State | undefined;

  get(state: State, key: string, make: () => PreparedBody): PreparedBody {
    if (state !== this.state) {
      this.bodies.clear();
      this.state = state;
    }
    let prepared = this.bodies.get(key);
    if (prepared === undefined) {
      prepared = make();
      this.bodies.set(key, prepared);
    }
    return prepared;
  }
}

/** Sends a prepared body, compressed where the client wants that, or 304 where the client has it. */
export async function sendPrepared(
  request: Request,
  response: Response,
  prepared: PreparedBody,
): Promise<void> {
  const coding = CODINGS.find((one) => prepared.codings.has(one) && request.acceptsEncodings(one) === one);
  const etag = coding === undefined ? prepared.etag : prepared.etag.replace(/"$/, `-${coding}"`);
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  for (const [name, value] of Object.entries(prepared.headers)) response.setHeader(name, value);
  if (prepared.codings.size > 0) response.vary('Accept-Encoding');
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && noneMatchHits(ifNoneMatch, etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  const compressed = coding === undefined ? undefined : prepared.codings.get(coding);
  const body = compressed === undefined ? prepared.body : await compressed();
  response.statusCode = 200;
  if (coding !== undefined) response.setHeader('Content-Encoding', coding);
  response.setHeader('Content-Type', prepared.contentType);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** Sends a small answer that is made for one request, and that no condition of the request changes. */
export function sendText(response: Response, status: number, contentType: string, content: string): void {
  const body = Buffer.from(content);
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
