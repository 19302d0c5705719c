import type { ServerResponse } from 'node:http';

/** Names and values in turn, as `writeHead` takes them. */
export type FlatHeaders = readonly string[];

const COMMON = Symbol('headers of every answer');

type Response = ServerResponse & { [COMMON]?: FlatHeaders };

/** Keeps what every answer has until the head of this one is written: set one by one, each costs as much as a look-up. */
export function keepHeaders(response: ServerResponse, headers: FlatHeaders): void {
  (response as Response)[COMMON] = headers;
}

/** Sets what is kept, for who sets headers one by one. */
export function setKeptHeaders(response: ServerResponse): void {
  const headers = (response as Response)[COMMON] ?? [];
  (response as Response)[COMMON] = undefined;
  for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at] ?? '', headers[at + 1] ?? '');
}

/** Begins an answer: with what is kept, what is set already, and these headers. */
export function sendHead(response: ServerResponse, status: number, headers: FlatHeaders): void {
  const common = (response as Response)[COMMON];
  response.writeHead(status, (common === undefined ? headers : common.concat(headers)) as string[]);
}
