import type { IncomingMessage, ServerResponse } from 'node:http';

import { ProblemError } from '../problems/problem.js';
import { announcedLength, RequestBody } from './request-body.js';

/**
 * Reads a body that is JSON, whatever its `Content-Type` says, as GitHub does. Rejects with `bad_request`,
 * `unsupported_content_coding`, `body_too_large` or `request_timeout`.
 */
export async function readJson(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<unknown> {
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding !== 'identity') {
    throw new ProblemError(
      'unsupported_content_coding',
      `The body has the content coding ${JSON.stringify(coding)}.`,
    );
  }
  const bytes = await readBytes(request, response, maxBytes);
  try {
    // What is not UTF-8 is no JSON (RFC 8259 §8.1), and would be stored as something else than was sent.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new ProblemError('bad_request', 'Problems parsing JSON: the body is not a JSON document.');
  }
}

async function readBytes(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
): Promise<Buffer> {
  const size = announcedLength(request);
  if (size !== undefined && size > maxBytes) throw tooLarge(maxBytes);
  const body = new RequestBody(request, response, size);
  const { promise: stalled, reject } = Promise.withResolvers<never>();
  body.signal.addEventListener('abort', () => reject(body.signal.reason as Error));
  body.accept();
  try {
    return await Promise.race([bytesOf(request, maxBytes), stalled]);
  } finally {
    body.dispose();
  }
}

async function bytesOf(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // What is left of a body that is too large, its answer reads.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function tooLarge(maxBytes: number): ProblemError {
  return new ProblemError('body_too_large', `The body has more than ${maxBytes} bytes.`);
}
