import { createHash } from 'node:crypto';

import { AUTH, type TestServer } from './server.js';

export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A token of the configuration, called like the token itself. */
export function namedToken(token: string, grant: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { name: token, hash: `sha256:${sha256(token)}`, ...grant };
}

/** Publishes by `PUT`, with a token. */
export async function put(
  server: Pick<TestServer, 'url'>,
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(`${server.url}/assets/${encodeURIComponent(name)}${query}`, {
    method: 'PUT',
    body,
    headers: { ...AUTH, ...headers },
  });
}

/** Publishes by `POST /upload`, with a token. */
export async function post(
  server: Pick<TestServer, 'url'>,
  name: string,
  body: string | Uint8Array<ArrayBuffer>,
  { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const form = new FormData();
  form.set('file', new Blob([body]), name);
  return fetch(`${server.url}/upload${query}`, {
    method: 'POST',
    body: form,
    headers: { ...AUTH, ...headers },
  });
}

export async function get(server: Pick<TestServer, 'url'>, path: string, headers = {}): Promise<Response> {
  return fetch(`${server.url}${path}`, { headers, redirect: 'manual' });
}

/** A JSON answer as what the caller says it is. */
export async function json<T = Record<string, unknown>>(response: Response): Promise<T> {
  return (await response.json()) as T;
}

/** The names that the server lists, newest first. */
export async function names(server: Pick<TestServer, 'url'>): Promise<string[]> {
  const packages = await json<{ name: string }[]>(await get(server, '/packages?format=json'));
  return packages.map(({ name }) => name);
}

/** What a package holds, or the status of a refusal. */
export async function contentOf(server: Pick<TestServer, 'url'>, name: string): Promise<string> {
  const response = await get(server, `/assets/${name}`);
  return response.ok ? response.text() : String(response.status);
}

/** Deletes a package, with a token. */
export async function remove(
  server: Pick<TestServer, 'url'>,
  name: string,
  headers: Record<string, string> = AUTH,
): Promise<Response> {
  return fetch(`${server.url}/assets/${name}`, { method: 'DELETE', headers });
}
