import type { IncomingMessage, ServerResponse } from 'node:http';

import { oncePer } from '#releases';
import { fileOf, type OpenPackage, type Package, type PackageContent } from '#storage';

import { entityTag, evaluateRead, type ReadOutcome } from '../http/conditional.js';
import { sendHead, type FlatHeaders } from '../http/head.js';
import { ProblemError } from '../problems/problem.js';
import { sendChunk } from '../http/send-chunk.js';

/** Sends a package as its conditions and range ask for it, or redirects to it, and closes it. @param headers - Further ones. */
export async function sendPackage(
  request: IncomingMessage,
  response: ServerResponse,
  opened: OpenPackage,
  headers: FlatHeaders,
): Promise<void> {
  try {
    const outcome = evaluate(request, opened.package);
    const { redirect } = opened;
    if (redirect !== undefined && isServedElsewhere(request, outcome)) {
      sendRedirect(response, await redirect(attachment(opened.package)), headers);
      return;
    }
    await sendBytes(response, answerTo(outcome, opened.package, headers), opened);
  } finally {
    await opened.close();
  }
}

/** Sends a package that is in memory as {@link sendPackage} does, in one write. */
export function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  { package: stored, bytes }: PackageContent,
  headers: FlatHeaders,
): void {
  const answer = answerTo(evaluate(request, stored), stored, headers);
  const { body } = answer;
  sendHead(response, answer.status, answer.headers);
  if (body === undefined) response.end();
  else response.end(bytes.subarray(body.start, body.end + 1));
}

/** Answers HEAD as {@link sendPackage} answers GET, without a body. */
export function sendPackageHead(
  request: IncomingMessage,
  response: ServerResponse,
  stored: Package,
  headers: FlatHeaders,
): void {
  const answer = answerTo(evaluate(request, stored), stored, headers);
  sendHead(response, answer.status, answer.headers);
  response.end();
}

/** Content-Disposition (RFC 6266). The rule for names leaves nothing to escape within the quotes. */
function attachment(stored: Package): string {
  return `attachment; filename="${fileOf(stored)}"`;
}

/** What a download that is possible is answered with. */
type PossibleOutcome = Exclude<ReadOutcome, { readonly status: 412 | 416 }>;

/** Throws for 412 and 416. */
function evaluate(request: IncomingMessage, stored: Package): PossibleOutcome {
  const outcome = evaluateRead(request.headers, stored);
  assertPossible(outcome, stored);
  return outcome;
}

/**
 * Whether a client that is redirected to the store gets the same answer there. A store ignores If-Range, and may treat
 * ranges otherwise that we answer with the whole.
 */
function isServedElsewhere(request: IncomingMessage, { status }: PossibleOutcome): boolean {
  return status === 206 || (status === 200 && request.headers.range === undefined);
}

/** The address holds for some minutes only, and must not be kept beyond them. */
function sendRedirect(response: ServerResponse, url: string, headers: FlatHeaders): void {
  const own = ['Location', url, 'Cache-Control', 'no-store', 'Content-Length', '0'];
  sendHead(response, 302, [...own, ...headers]);
  response.end();
}

/** An answer that has not started yet. */
interface Answer {
  readonly status: number;
  readonly headers: FlatHeaders;
  /** First and last byte of what is sent; undefined where nothing is. */
  readonly body: { readonly start: number; readonly end: number } | undefined;
}

function answerTo(outcome: PossibleOutcome, stored: Package, further: FlatHeaders): Answer {
  const { validators, whole } = headersOf(stored);
  switch (outcome.status) {
    case 304:
      return { status: 304, headers: [...validators, ...further], body: undefined };
    case 200: {
      const headers = [...whole, 'Content-Length', String(stored.size), ...further];
      return { status: 200, headers, body: { start: 0, end: stored.size - 1 } };
    }
    case 206: {
      const { start, end } = outcome.range;
      const length = ['Content-Length', String(end - start + 1)];
      const range = ['Content-Range', `bytes ${start}-${end}/${stored.size}`];
      return { status: 206, headers: [...whole, ...length, ...range, ...further], body: outcome.range };
    }
  }
}

/** What the answers with one revision have in common: those of a 304, and those of a body. */
const headersOf = oncePer((stored: Package) => {
  const validators = [
    ['ETag', entityTag(stored)],
    ['Last-Modified', new Date(stored.createdAt).toUTCString()],
    ['Cache-Control', 'no-cache'],
    ['Accept-Ranges', 'bytes'],
  ].flat();
  const whole = [
    validators,
    ['Content-Type', 'application/octet-stream'],
    ['Content-Disposition', attachment(stored)],
    ['Content-Security-Policy', "sandbox; default-src 'none'"],
  ].flat();
  // RFC 9530 §3: of the whole, also with a range.
  const digest = stored.sha256 && Buffer.from(stored.sha256, 'hex').toString('base64');
  if (digest !== undefined) whole.push('Repr-Digest', `sha-256=:${digest}:`);
  return { validators, whole };
});

function assertPossible(outcome: ReadOutcome, stored: Package): asserts outcome is PossibleOutcome {
  if (outcome.status === 412) {
    throw new ProblemError(
      'precondition_failed',
      `${fileOf(stored)} is stored as another version than the expected one.`,
      {
        headers: { ETag: entityTag(stored) },
      },
    );
  }
  if (outcome.status === 416) {
    throw new ProblemError('range_not_satisfiable', `${fileOf(stored)} has ${stored.size} bytes.`, {
      headers: { 'Content-Range': `bytes */${stored.size}` },
    });
  }
}

/**
 * Writes chunks as fast as the client takes them; a chunk is asked for when the one before is out. The head comes with
 * the first, so that a package that cannot be read is an error with a status.
 */
async function sendBytes(
  response: ServerResponse,
  { status, headers, body }: Answer,
  opened: OpenPackage,
): Promise<void> {
  if (body !== undefined) {
    let left = body.end - body.start + 1;
    for await (const chunk of opened.read(body.start, body.end)) {
      if (!response.headersSent) sendHead(response, status, headers);
      left -= chunk.length;
      if (!(await sendChunk(response, chunk, left === 0))) return;
    }
    if (left === 0 && response.headersSent) return;
  }
  sendHead(response, status, headers);
  response.end();
}
