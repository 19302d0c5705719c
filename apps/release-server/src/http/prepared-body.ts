import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

import accepts from 'accepts';
import vary from 'vary';

import { CODINGS, Compressed, type Coding } from './compressed.js';
import { noneMatchHits } from './conditional.js';
import { BASE, blockOf, chunksOf, fragmentOf, type FragmentBlock } from './fragment.js';
import { sendChunk } from './send-chunk.js';

/** Bytes of an answer that are copied together before they are written: what a client that does not read costs. */
const CHUNK_BYTES = 32 * 1024;
/** Bytes that are written before other work has its turn, however fast the client reads. */
const BYTES_A_TURN = 16 * CHUNK_BYTES;

/** An answer that is made once and sent many times, to each client with the base of links under which it asked. */
export interface PreparedBody {
  readonly contentType: string;
  readonly blocks: readonly FragmentBlock[];
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

/** Prepares an answer from text with `BASE` in it, from bytes, or from blocks that other answers share. */
export function prepareBody(
  contentType: string,
  content: string | Buffer | readonly FragmentBlock[],
  { headers = {}, compressible = false }: PrepareOptions = {},
): PreparedBody {
  const blocks = Array.isArray(content)
    ? (content as readonly FragmentBlock[])
    : [blockOf([fragmentOf(content as string)])];
  const hash = createHash('sha256');
  let [length, bases] = [0, 0];
  for (const block of blocks) {
    hash.update(block.digests);
    length += block.length;
    bases += block.bases;
  }
  const digest = hash.digest('base64url').slice(0, 27);
  const compressed = compressible ? new Compressed() : undefined;
  return { contentType, blocks, length, bases, digest, headers, compressed };
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
    await sendChunks(request, response, partsOf(small), small.length);
  } else {
    response.setHeader('ETag', etagOf(prepared, base, undefined));
    const length = lengthOf(prepared, baseBytes);
    const chunks = chunksOf(prepared.blocks, baseBytes, Math.min(length, CHUNK_BYTES));
    await sendChunks(request, response, chunks, length);
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
  const [whole = Buffer.alloc(0)] = chunksOf(prepared.blocks, base, lengthOf(prepared, base));
  return whole;
}

function* partsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

/** Sends chunks of so many bytes together, each when the one before is out. */
async function sendChunks(
  { method }: IncomingMessage,
  response: ServerResponse,
  chunks: Iterable<Buffer>,
  length: number,
): Promise<void> {
  response.setHeader('Content-Length', length);
  if (method === 'HEAD' || length === 0) {
    response.end();
    return;
  }
  let sent = 0;
  for (const chunk of chunks) {
    const before = sent;
    sent += chunk.length;
    if (!(await sendChunk(response, chunk, sent === length))) return;
    if (Math.floor(sent / BYTES_A_TURN) > Math.floor(before / BYTES_A_TURN)) await nextTurn();
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
