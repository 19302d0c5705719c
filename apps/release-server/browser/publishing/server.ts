import { element } from '../dom.js';
import { readHeaders } from '../reading.js';
import type { Owner } from './owner.js';
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

/** Whose a token is and what it may do. Rejects with the words of the server where it is not valid. */
export async function checkToken(token: string): Promise<Owner> {
  const answer = await send(new URL('token', ROOT), { headers: authorization(token) });
  const told = await answerOf(answer);
  const { name, scopes } = members(told.text);
  if (!answer.ok || typeof name !== 'string' || !Array.isArray(scopes)) throw new Failure(problemFrom(told));
  return JSON.parse(told.text) as Owner;
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

/** The packages in the folder of a release; without one, those that lie in none. @param release - Its tag. */
export function packagesOf(release?: string) {
  const address = (name: string, query = ''): URL =>
    release === undefined
      ? assetAddress(name, query)
      : new URL(`${releasePath(release)}/assets/${encodeURIComponent(name)}${query}`, ROOT);

  return {
    /**
     * Asks by an upload without a body whether the server takes this token and such a name, and rejects with its words where
     * it does not. It refuses such an upload in any case, at last since it is empty, or takes a name that may not be overwritten.
     */
    askToPublish: async (name: string, token: string, signal: AbortSignal): Promise<void> => {
      const init = { method: 'PUT', headers: authorization(token), signal };
      const problem = problemFrom(await answerOf(await send(address(name, '?overwrite=true'), init)));
      if (problem.code !== 'package_empty' && problem.code !== 'overwrite_disabled') {
        throw new Failure(problem);
      }
    },

    /**
     * Publishes a file, whose digest the server checks.
     *
     * @param progress - Called with the bytes that are sent by now.
     */
    putPackage: async (
      file: File,
      { token, sha256, replaces }: Sending,
      progress: (done: number) => void,
      signal: AbortSignal,
    ): Promise<Sent> => {
      const headers = { ...authorization(token), ...ifMatch(replaces) };
      const to = address(file.name, `?digest=sha256:${sha256}`);
      const answer = await sendFile(to, file, headers, progress, signal);
      const stored = answer.status === 200 || answer.status === 201;
      const { sha256: found, evicted } = members(answer.text);
      if (!stored || found !== sha256) throw new Failure(problemFrom(answer));
      const left = Array.isArray(evicted) ? (evicted as { readonly name?: unknown }[]) : [];
      return {
        is: answer.status === 201 ? 'published' : 'replaced',
        evicted: left.map(({ name }) => String(name)),
      };
    },

    /** @param etag - The version that is to go; whichever there is where it is not known. */
    deletePackage: async (name: string, etag: string | undefined, token: string): Promise<void> => {
      await change(address(name), {
        method: 'DELETE',
        headers: { ...authorization(token), ...ifMatch(etag) },
      });
    },
  };
}

/** What is said of a release, in the members of the API. */
export interface ReleaseFields {
  readonly tag?: string;
  readonly title?: string;
  readonly notes?: string;
  readonly draft?: boolean;
  readonly prerelease?: boolean;
  readonly make_latest?: 'true' | 'false' | 'legacy';
}

/** Makes a release, or changes the one of a tag; its tag from now on. */
export async function saveRelease(
  tag: string | undefined,
  fields: ReleaseFields,
  token: string,
): Promise<string> {
  const address = new URL(tag === undefined ? 'releases' : releasePath(tag), ROOT);
  const response = await change(address, {
    method: tag === undefined ? 'POST' : 'PATCH',
    headers: { ...authorization(token), 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  const { tag: saved } = members(await response.text());
  return typeof saved === 'string' ? saved : (tag ?? '');
}

/** Deletes a release with all of its packages. */
export async function deleteRelease(tag: string, token: string): Promise<void> {
  await change(new URL(releasePath(tag), ROOT), { method: 'DELETE', headers: authorization(token) });
}

/** A page as the owner of a token sees it, also one that says that something is not there. Rejects where the token is refused. */
export async function loadPage(address: string | URL, token: string): Promise<Document> {
  const headers = { Accept: 'text/html', ...authorization(token) };
  const response = await send(new URL(address, location.href), { headers });
  const text = await response.text();
  if (response.headers.get('Content-Type')?.startsWith('text/html') !== true) {
    throw new Failure(problemFrom({ status: response.status, text, etag: null }));
  }
  const page = new DOMParser().parseFromString(text, 'text/html');
  // A token that is not valid is none to a page, or is asked for anew.
  if (response.status === 401) await checkToken(token);
  if (response.ok && page.querySelector('[data-managed]') === null) await checkToken(token);
  return page;
}

/** Where the page of the release of a tag is. */
export function releaseAddress(tag: string): URL {
  return new URL(`releases/tag/${encodeURIComponent(tag)}`, ROOT);
}

/** Where the list of releases is. */
export function releasesAddress(): URL {
  return new URL('releases', ROOT);
}

function releasePath(tag: string): string {
  return `releases/${encodeURIComponent(tag)}`;
}

function assetAddress(name: string, query = ''): URL {
  return new URL(`assets/${encodeURIComponent(name)}${query}`, ROOT);
}

async function change(address: URL, init: RequestInit): Promise<Response> {
  const response = await send(address, init);
  if (!response.ok) throw new Failure(problemFrom(await answerOf(response)));
  return response;
}

function authorization(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` };
}

function ifMatch(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { 'If-Match': etag };
}

async function send(address: URL, init: RequestInit): Promise<Response> {
  try {
    const headers = { ...readHeaders(), ...(init.headers as Record<string, string> | undefined) };
    return await fetch(address, { cache: 'no-store', ...init, headers });
  } catch {
    init.signal?.throwIfAborted();
    throw new Failure(UNREACHABLE);
  }
}

async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, text: await response.text(), etag: response.headers.get('ETag') };
}
