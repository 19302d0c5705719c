import type { Request, Response } from 'express';

import type { OpenPackage, Package } from '#storage';

import { entityTag, evaluateRead, type ReadOutcome } from '../http/conditional.js';
import { ProblemError } from '../problems/problem.js';
import { sendChunk } from '../http/send-chunk.js';

/** Sends a package as its conditions and range ask for it, or redirects to it, and closes it. */
export async function sendPackage(request: Request, response: Response, opened: OpenPackage): Promise<void> {
  try {
    const outcome = evaluate(request, opened.package);
    const { redirect } = opened;
    if (redirect !== undefined && isServedElsewhere(request, outcome)) {
      sendRedirect(response, await redirect(attachment(opened.package.name)));
      return;
    }
    const body = prepareAnswer(response, opened.package, outcome);
    if (body === undefined) response.end();
    else await sendBytes(response, opened.read(body.start, body.end), body.end - body.start + 1);
  } finally {
    await opened.close();
  }
}

/** Answers HEAD as {@link sendPackage} answers GET, without a body. */
export function sendPackageHead(request: Request, response: Response, stored: Package): void {
  prepareAnswer(response, stored, evaluate(request, stored));
  response.end();
}

/** Content-Disposition (RFC 6266). The rule for names leaves nothing to escape within the quotes. */
function attachment(name: string): string {
  return `attachment; filename="${name}"`;
}

/** What a download that is possible is answered with. */
type PossibleOutcome = Exclude<ReadOutcome, { status: 412 | 416 }>;

/** Throws for 412 and 416. */
function evaluate(request: Request, stored: Package): PossibleOutcome {
  const outcome = evaluateRead(request.headers, stored);
  assertPossible(outcome, stored);
  return outcome;
}

/**
 * Whether a client that is redirected to the store gets the same answer there. A store ignores If-Range, and may treat
 * ranges otherwise that we answer with the whole.
 */
function isServedElsewhere(request: Request, { status }: PossibleOutcome): boolean {
  return status === 206 || (status === 200 && request.headers.range === undefined);
}

/** The address holds for some minutes only, and must not be kept beyond them. */
function sendRedirect(response: Response, url: string): void {
  response.status(302);
  response.setHeader('Location', url);
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Content-Length', 0);
  response.end();
}

/** Sets status and headers; returns the first and last byte to send, if any. */
function prepareAnswer(
  response: Response,
  stored: Package,
  outcome: PossibleOutcome,
): { start: number; end: number } | undefined {
  response.status(outcome.status);
  response.setHeader('ETag', entityTag(stored));
  response.setHeader('Last-Modified', new Date(stored.createdAt).toUTCString());
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Accept-Ranges', 'bytes');
  if (outcome.status === 304) return undefined;

  const range = outcome.status === 206 ? outcome.range : { start: 0, end: stored.size - 1 };
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Content-Disposition', attachment(stored.name));
  response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
  response.setHeader('Content-Length', range.end - range.start + 1);
  if (stored.sha256 !== undefined) {
    // RFC 9530 §3: of the whole, also with a range.
    const digest = Buffer.from(stored.sha256, 'hex').toString('base64');
    response.setHeader('Repr-Digest', `sha-256=:${digest}:`);
  }
  if (outcome.status === 206) {
    response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${stored.size}`);
  }
  return range;
}

function assertPossible(outcome: ReadOutcome, stored: Package): asserts outcome is PossibleOutcome {
  if (outcome.status === 412) {
    throw new ProblemError(
      'precondition_failed',
      `${stored.name} is stored as another version than the expected one.`,
      {
        headers: { ETag: entityTag(stored) },
      },
    );
  }
  if (outcome.status === 416) {
    throw new ProblemError('range_not_satisfiable', `${stored.name} has ${stored.size} bytes.`, {
      headers: { 'Content-Range': `bytes */${stored.size}` },
    });
  }
}

/** Writes chunks as fast as the client takes them; a chunk is asked for when the one before is out. */
async function sendBytes(
  response: Response,
  chunks: AsyncIterable<Uint8Array>,
  length: number,
): Promise<void> {
  let left = length;
  for await (const chunk of chunks) {
    left -= chunk.length;
    if (!(await sendChunk(response, chunk, left === 0))) return;
  }
  if (length === 0) response.end();
}
