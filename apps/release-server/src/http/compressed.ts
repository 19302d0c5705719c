import { once } from 'node:events';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';

import { Semaphore } from 'async-mutex';
import { LRUCache } from 'lru-cache';

import { InFlightBytes } from './in-flight-bytes.js';

/** In the order of preference. */
export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

const MiB = 1024 * 1024;
/** Smaller bodies do not shrink; larger ones take too long and too much memory. */
const MIN_BYTES = 256;
const MAX_BYTES = 64 * MiB;
/** Nobody waits for the compressed form of a larger body: until it is made, clients get the body as it is. */
const MAX_WAIT_BYTES = 8 * MiB;
const CHUNK_BYTES = 64 * 1024;
/** Compressed forms that are kept, and that are being sent, whether kept or not. */
const MAX_KEPT_BYTES = 8 * MiB;
const MAX_IN_FLIGHT_BYTES = 8 * MiB;
/** What is kept of a form beside its bytes, at most. */
const ENTRY_BYTES = 1024;
/** Bodies that wait to be compressed. */
const MAX_WAITING = 32;

/** What can be compressed: a body under one base of links. */
export interface Compressible {
  /** Bytes. */
  readonly length: number;
  /** Its bytes in chunks, each of which is used before the next is asked for. */
  chunks(size: number): Iterable<Buffer>;
}

const kept = new LRUCache<string, Buffer>({
  maxSize: MAX_KEPT_BYTES,
  sizeCalculation: ({ length }) => length + ENTRY_BYTES,
});
const beingMade = new Map<string, Promise<Buffer | undefined>>();
const inFlight = new InFlightBytes<Buffer>(({ length }) => length);
/** Fewer than the threads of the pool, which files need too. */
const slots = new Semaphore(2);

/**
 * The compressed form that an entity tag names, each made once, off the event loop. Undefined where there is none now,
 * and the body is to be sent as it is: too many others wait or are being sent, or it is long and not made yet.
 */
export async function compressed(
  etag: string,
  coding: Coding,
  content: Compressible,
): Promise<Buffer | undefined> {
  const { length } = content;
  const known = kept.get(etag);
  if (known !== undefined) return known;
  if (length < MIN_BYTES || length > MAX_BYTES) return undefined;
  let form = beingMade.get(etag);
  if (form === undefined) {
    if (beingMade.size >= MAX_WAITING) return undefined;
    form = make(etag, coding, content);
  }
  if (length > MAX_WAIT_BYTES) {
    // The next request may try again.
    form.catch(() => undefined);
    return undefined;
  }
  return form;
}

/** Says that a compressed form is being sent; what is returned says that it no longer is. */
export function holdCompressed(form: Buffer): () => void {
  return inFlight.hold(form);
}

function make(etag: string, coding: Coding, content: Compressible): Promise<Buffer | undefined> {
  const form = slots
    .runExclusive(async () => {
      // Checked only now, since those that were made before may still be unread.
      if (inFlight.total > MAX_IN_FLIGHT_BYTES) return undefined;
      const made = await compress(coding, content);
      kept.set(etag, made);
      return made;
    })
    .finally(() => beingMade.delete(etag));
  beingMade.set(etag, form);
  return form;
}

/** Chunk by chunk, so that the body is never whole in memory and other requests get their turns. */
async function compress(coding: Coding, content: Compressible): Promise<Buffer> {
  const stream =
    coding === 'br'
      ? createBrotliCompress({
          params: {
            // Denser than gzip and as fast; the densest takes half a second for a page.
            [constants.BROTLI_PARAM_QUALITY]: 5,
            // Repetitions in a list are close together; a wider window costs ten times the memory.
            [constants.BROTLI_PARAM_LGWIN]: 18,
            [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
          },
        })
      : createGzip();
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  const ended = once(stream, 'end');
  ended.catch(() => undefined);
  for (const chunk of content.chunks(CHUNK_BYTES)) {
    await new Promise<void>((resolve, reject) => {
      stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }
  stream.end();
  await ended;
  return joined(parts);
}

/** In memory of its own: a small slice of Node's pool would keep the 64 KiB around it, too. */
function joined(parts: readonly Buffer[]): Buffer {
  const whole = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) at += part.copy(whole, at);
  return whole;
}
