import { element } from '../dom.js';
import { Failure, members, problemFrom, UNREACHABLE, type Answer, type Stored } from './problem.js';
import { sendFile } from './transfer.js';

/** The root of the server, below whatever prefix a proxy takes away: what the page loads lies in `static/`. */
const ROOT = new URL('../', (element('#script') as HTMLScriptElement).src);

/** What is sent along with a file. */
export interface Sending {
  readonly token: string;
  /** What the server has to find, in hexadecimal. */
  readonly sha256: string;
  /** The version to replace; without, nothing is. */
  readonly replaces: string | undefined;
}

/**
 * What is stored under a name. Undefined also where the server has something against the question: then it says what,
 * in words, when the package comes.
 */
export async function findStored(name: string, signal: AbortSignal): Promise<Stored | undefined> {
  const { ok, headers } = await send(name, { method: 'HEAD', signal });
  const etag = headers.get('ETag');
  if (!ok || etag === null) return undefined;
  const sha256 = /sha256:([0-9a-f]{64})/.exec(etag)?.[1] ?? null;
  return { size: Number(headers.get('Content-Length')), sha256, etag };
}

/**
 * Asks by an upload without a body whether the server takes this token and such a name, and rejects with its words where
 * it does not. It refuses such an upload in any case, at last since it is empty, or takes a name that may not be overwritten.
 */
export async function askToPublish(name: string, token: string, signal: AbortSignal): Promise<void> {
  const init = { method: 'PUT', headers: authorization(token), signal };
  const problem = problemFrom(await answerOf(await send(name, init, '?overwrite=true')));
  if (problem.code !== 'package_empty' && problem.code !== 'overwrite_disabled') throw new Failure(problem);
}

/**
 * Publishes a file, whose digest the server checks.
 *
 * @param progress - Called with the bytes that are sent by now.
 */
export async function putPackage(
  file: File,
  { token, sha256, replaces }: Sending,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<'published' | 'replaced'> {
  const headers = { ...authorization(token), ...ifMatch(replaces) };
  const address = assetAddress(file.name, `?digest=sha256:${sha256}`);
  const answer = await sendFile(address, file, headers, progress, signal);
  const stored = answer.status === 200 || answer.status === 201;
  if (!stored || members(answer.text)['sha256'] !== sha256) throw new Failure(problemFrom(answer));
  return answer.status === 201 ? 'published' : 'replaced';
}

/** @param etag - The version that is to go; whichever there is where it is not known. */
export async function deletePackage(name: string, etag: string | undefined, token: string): Promise<void> {
  const response = await send(name, {
    method: 'DELETE',
    headers: { ...authorization(token), ...ifMatch(etag) },
  });
  if (!response.ok) throw new Failure(problemFrom(await answerOf(response)));
}

function assetAddress(name: string, query = ''): string {
  return new URL(`assets/${encodeURIComponent(name)}${query}`, ROOT).href;
}

function authorization(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

function ifMatch(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { 'If-Match': etag };
}

async function send(name: string, init: RequestInit, query?: string): Promise<Response> {
  try {
    return await fetch(assetAddress(name, query), { cache: 'no-store', ...init });
  } catch {
    init.signal?.throwIfAborted();
    throw new Failure(UNREACHABLE);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text(), etag: response.headers.get('ETag') };
}
