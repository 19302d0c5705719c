import { element } from '../dom.js';
import { Failure, members, problemFrom, UNREACHABLE, type Answer, type Stored } from './problem.js';
import { sendFile } from './transfer.js';
import type { Sent } from './uploads.js';

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

/** Asks whether a token is valid, and rejects with the words of the server where it is not. */
export async function checkToken(token: string): Promise<void> {
  const answer = await send(new URL('token', ROOT), { headers: authorization(token) });
  if (!answer.ok) throw new Failure(problemFrom(await answerOf(answer)));
}

/**
 * What is stored under a name. Undefined also where the server has something against the question: then it says what,
 * in words, when the package comes. Looked for in the list, for a browser writes every 404 into its console as an error.
 */
export async function findStored(name: string, signal: AbortSignal): Promise<Stored | undefined> {
  if (!(await isListed(name, signal))) return undefined;
  const { ok, headers } = await send(assetAddress(name), { method: 'HEAD', signal });
  const etag = headers.get('ETag');
  if (!ok || etag === null) return undefined;
  const sha256 = /sha256:([0-9a-f]{64})/.exec(etag)?.[1] ?? null;
  return { size: Number(headers.get('Content-Length')), sha256, etag };
}

async function isListed(name: string, signal: AbortSignal): Promise<boolean> {
  // Nothing else is searched for, and nothing else is stored under a name.
  if (!/^\S{1,200}$/.test(name)) return false;
  const query = new URLSearchParams({ format: 'json', q: name, sort: 'name' });
  const answer = await send(new URL(`packages?${query}`, ROOT), { signal });
  if (!answer.ok) return false;
  const found: unknown = await answer.json().catch(() => undefined);
  return Array.isArray(found) && found.some((one: { readonly name?: unknown }) => one.name === name);
}

/**
 * Asks by an upload without a body whether the server takes this token and such a name, and rejects with its words where
 * it does not. It refuses such an upload in any case, at last since it is empty, or takes a name that may not be overwritten.
 */
export async function askToPublish(name: string, token: string, signal: AbortSignal): Promise<void> {
  const init = { method: 'PUT', headers: authorization(token), signal };
  const problem = problemFrom(await answerOf(await send(assetAddress(name, '?overwrite=true'), init)));
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
): Promise<Sent> {
  const headers = { ...authorization(token), ...ifMatch(replaces) };
  const address = assetAddress(file.name, `?digest=sha256:${sha256}`);
  const answer = await sendFile(address, file, headers, progress, signal);
  const stored = answer.status === 200 || answer.status === 201;
  const { sha256: found, evicted } = members(answer.text);
  if (!stored || found !== sha256) throw new Failure(problemFrom(answer));
  const left = Array.isArray(evicted) ? (evicted as { readonly name?: unknown }[]) : [];
  return {
    is: answer.status === 201 ? 'published' : 'replaced',
    evicted: left.map(({ name }) => String(name)),
  };
}

/** @param etag - The version that is to go; whichever there is where it is not known. */
export async function deletePackage(name: string, etag: string | undefined, token: string): Promise<void> {
  const response = await send(assetAddress(name), {
    method: 'DELETE',
    headers: { ...authorization(token), ...ifMatch(etag) },
  });
  if (!response.ok) throw new Failure(problemFrom(await answerOf(response)));
}

function assetAddress(name: string, query = ''): URL {
  return new URL(`assets/${encodeURIComponent(name)}${query}`, ROOT);
}

function authorization(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

function ifMatch(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { 'If-Match': etag };
}

async function send(address: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, { cache: 'no-store', ...init });
  } catch {
    init.signal?.throwIfAborted();
    throw new Failure(UNREACHABLE);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text(), etag: response.headers.get('ETag') };
}
