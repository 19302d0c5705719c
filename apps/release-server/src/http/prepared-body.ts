import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

import accepts from 'accepts';

import { CODINGS, compressed, holdCompressed, type Coding } from './compressed.js';
import { noneMatchHits } from './conditional.js';
import { blockOf, fragmentOf, type FragmentBlock } from './fragment.js';
import { sendHead, type FlatHeaders } from './head.js';
import { PreparedForms, WHOLE_BYTES, type FormSource, type PreparedForm } from './prepared-form.js';
import { sendChunk } from './send-chunk.js';

/** Bytes of an answer that are copied together before they are written: what a client that does not read costs. */
const CHUNK_BYTES = 32 * 1024;
/** Bytes that are written before other work has its turn, however fast the client reads. */
const BYTES_A_TURN = 16 * CHUNK_BYTES;

const NO_HEADERS: FlatHeaders = [];

/** An answer that is made once and sent many times, to each client with the base of links under which it asked. */
export interface PreparedBody extends FormSource {
  /** What it is under each base of links. */
  readonly forms: PreparedForms;
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
  const forms = new PreparedForms();
  return { contentType, blocks, length, bases, digest, headers, compressible, forms };
}

/**
 * Sends a prepared body, compressed where the client wants that, or 304 where the client has it. A small one that is
 * sent as it is goes out at once, with its head.
 *
 * @param base - Of links; what is sent without links needs none.
 * @param headers - What this answer has beside those of the body.
 */
export function sendPrepared(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedBody,
  base = '',
  headers: FlatHeaders = NO_HEADERS,
): void | Promise<void> {
  const coding = prepared.compressible ? codingFor(request) : undefined;
  const form = prepared.forms.get(prepared, base);
  const coded = coding && prepared.forms.get(prepared, base, coding);
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined) {
    // Who has it as it is, from when it was not compressed yet, needs it no more than who has it compressed.
    const known = [coded, form].find((one) => one && noneMatchHits(ifNoneMatch, one.etag));
    if (known !== undefined) {
      sendHead(response, 304, withHeaders(known.headers, headers));
      response.end();
      return;
    }
  }
  if (coding && coded) return sendCoded(request, response, prepared, coded, coding, headers);
  if (form.length > WHOLE_BYTES) return sendLarge(request, response, prepared, form, headers);
  sendSmall(request, response, prepared, form, headers);
}

function withHeaders(one: FlatHeaders, other: FlatHeaders): FlatHeaders {
  return other.length === 0 ? one : one.concat(other);
}

/** The densest that the client takes. */
function codingFor(request: IncomingMessage): Coding | undefined {
  if (request.headers['accept-encoding'] === undefined) return undefined;
  const accepted = accepts(request);
  return CODINGS.find((one) => accepted.encoding(one) === one);
}

async function sendCoded(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedBody,
  form: PreparedForm,
  coding: Coding,
  headers: FlatHeaders,
): Promise<void> {
  const content = await compressed(form.etag, coding, form);
  if (content === undefined) {
    const plain = prepared.forms.get(prepared, form.base);
    await sendLarge(request, response, prepared, plain, headers);
    return;
  }
  sendHead(response, 200, withHeaders(form.headOf(content.length, coding), headers));
  const release = holdCompressed(content);
  try {
    await sendChunks(request, response, partsOf(content), content.length);
  } finally {
    release();
  }
}

function sendSmall(
  { method }: IncomingMessage,
  response: ServerResponse,
  { hold }: PreparedBody,
  form: PreparedForm,
  headers: FlatHeaders,
): void {
  sendHead(response, 200, withHeaders(form.head, headers));
  if (method === 'HEAD') {
    response.end();
    return;
  }
  response.end(form.bytes);
  // Of a client that has not taken all of it.
  if (hold !== undefined && (response.socket?.writableLength ?? 0) > 0) response.once('close', hold());
}

async function sendLarge(
  request: IncomingMessage,
  response: ServerResponse,
  prepared: PreparedBody,
  form: PreparedForm,
  headers: FlatHeaders,
): Promise<void> {
  sendHead(response, 200, withHeaders(form.head, headers));
  await sendHeld(request, response, prepared, form.chunks(CHUNK_BYTES), form.length);
}

async function sendHeld(
  request: IncomingMessage,
  response: ServerResponse,
  { hold }: PreparedBody,
  chunks: Iterable<Buffer>,
  length: number,
): Promise<void> {
  const release = hold?.();
  try {
    await sendChunks(request, response, chunks, length);
  } finally {
    release?.();
  }
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
  sendHead(response, status, ['Content-Type', contentType, 'Content-Length', String(body.length)]);
  response.end(body);
}
