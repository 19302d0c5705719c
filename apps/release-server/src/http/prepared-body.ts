import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import accepts from 'accepts';
import vary from 'vary';

import { CODINGS, Compressed, type Coding } from './compressed.js';
import { noneMatchHits } from './conditional.js';
import { BASE, fragmentOf, piecesOf, type Fragment } from './fragment.js';
import { sendChunk } from './send-chunk.js';

/** Bytes of an answer that are copied together before they are written: what a client that does not read costs. */
const BLOCK_BYTES = 32 * 1024;

/** An answer that is made once and sent many times, to each client with the base of links under which it asked. */
export interface PreparedBody {
  readonly contentType: string;
  readonly fragments: readonly Fragment[];
  /** Bytes without bases. */
  readonly length: number;
  /** How many bases are filled in. */
  readonly bases: number;
  /** Tells the body without bases. */
  readonly digest: string;
  /** May hold `BASE` as well. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for what is always sent as it is. */
  readonly compressed: Compressed | undefined;
  /** Says that it is being sent; what is returned says that it no longer is. */
  readonly hold?: () => () => void;
}

export interface PrepareOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether clients may have it compressed (RFC 9110 §8.4). */
  readonly compressible?: boolean;
}

/** Prepares an answer from text with `BASE` in it, from bytes, or from fragments that other answers share. */
export function prepareBody(
  contentType: string,
  content: string | Buffer | readonly Fragment[],
  { headers = {}, compressible = false }: PrepareOptions = {},
): PreparedBody {
  const fragments = Array.isArray(content)
    ? (content as readonly Fragment[])
    : [fragmentOf(content as string)];
  const hash = createHash('sha256');
  let [length, bases] = [0, 0];
  for (const fragment of fragments) {
    hash.update(fragment.digest);
    length += fragment.bytes.length;
    bases += fragment.places.length;
  }
  const digest = hash.digest('base64url').slice(0, 27);
  const compressed = compressible ? new Compressed() : undefined;
  return { contentType, fragments, length, bases, digest, headers, compressed };
}

/**
 * Sends a prepared body, compressed where the client wants that, or 304 where the client has it. @param base - of
 * links; what is sent without links needs none.
 */
export async function sendPrepared(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedBody,
  base = '',
): Promise<void> {
  const { compressed, headers } = prepared;
  const coding = compressed && codingFor(request);
  const etag = etagOf(prepared, base, coding);
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value.replaceAll(BASE, base));
  if (compressed !== undefined) vary(response, 'Accept-Encoding');
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && noneMatchHits(ifNoneMatch, etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.statusCode = 200;
  response.setHeader('Content-Type', prepared.contentType);
  const release = prepared.hold?.();
  try {
    await sendWhole(request, response, prepared, base, coding);
  } finally {
    release?.();
  }
}

/** The densest that the client takes. */
function codingFor(request: IncomingMessage): Coding | undefined {
  const accepted = accepts(request);
  return CODINGS.find((one) => accepted.encoding(one) === one);
}

async function sendWhole(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedBody,
  base: string,
  coding: Coding | undefined,
): Promise<void> {
  const { compressed } = prepared;
  const baseBytes = Buffer.from(base);
  const small =
    coding &&
    (await compressed?.get(coding, prepared.bases > 0 ? base : '', () => wholeOf(prepared, baseBytes)));
  if (small !== undefined && coding !== undefined) {
    response.setHeader('Content-Encoding', coding);
    await sendPieces(request, response, [small], small.length);
  } else {
    response.setHeader('ETag', etagOf(prepared, base, undefined));
    await sendPieces(
      request,
      response,
      piecesOf(prepared.fragments, baseBytes),
      lengthOf(prepared, baseBytes),
    );
  }
}

/** The strong tag of what is sent under that base, in quotes. */
function etagOf({ digest, bases }: PreparedBody, base: string, coding: Coding | undefined): string {
  const ofBase = bases === 0 ? [] : [createHash('sha256').update(base).digest('base64url').slice(0, 11)];
  return `"${[digest, ...ofBase, ...(coding === undefined ? [] : [coding])].join('-')}"`;
}

function lengthOf({ length, bases }: PreparedBody, base: Buffer): number {
  return length + bases * base.length;
}

function wholeOf(prepared: PreparedBody, base: Buffer): Buffer {
  return Buffer.concat([...piecesOf(prepared.fragments, base)], lengthOf(prepared, base));
}

/** Sends pieces of so many bytes together, a block after the other, each when the one before is out. */
async function sendPieces(
  { method }: IncomingMessage,
  response: ServerResponse,
  pieces: Iterable<Buffer>,
  length: number,
): Promise<void> {
  response.setHeader('Content-Length', length);
  if (method === 'HEAD' || length === 0) {
    response.end();
    return;
  }
  const block = Buffer.allocUnsafe(Math.min(length, BLOCK_BYTES));
  let [filled, left] = [0, length];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) {
      const copied = piece.copy(block, filled, at);
      at += copied;
      filled += copied;
      left -= copied;
      if (filled < block.length && left > 0) continue;
      if (!(await sendChunk(response, block.subarray(0, filled), left === 0))) return;
      filled = 0;
    }
  }
}

/** Sends a small answer that is made for one request, and that no condition of the request changes. */
export function sendText(
  response: ServerResponse,
  status: number,
  contentType: string,
  content: string,
): void {
  const body = Buffer.from(content);
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
