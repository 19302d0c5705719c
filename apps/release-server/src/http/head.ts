import type { ServerResponse } from 'node:http';

/** Names and values in turn, as `writeHead` takes them. */
export type FlatHeaders = readonly string[];

const COMMON = Symbol('headers of every answer');

type Response = ServerResponse & { [COMMON]?: FlatHeaders };

/** Keeps the headers that every answer has until the head is written: setting them one by one is slower. */
export function keepHeaders(response: ServerResponse, headers: FlatHeaders): void {
  (response as Response)[COMMON] = headers;
}

/** Sets the kept headers on the response, for handlers that set headers one by one. */
export function setKeptHeaders(response: ServerResponse): void {
  const headers = (response as Response)[COMMON] ?? [];
  (response as Response)[COMMON] = undefined;
  for (let at = 0; at < headers.length; at += 2) response.setHeader(headers[at] ?? '', headers[at + 1] ?? '');
}

/** Starts an answer with the kept headers, those set already, and these. */
export function sendHead(response: ServerResponse, status: number, headers: FlatHeaders): void {
  const common = (response as Response)[COMMON];
  response.writeHead(status, (common === undefined ? headers : common.concat(headers)) as string[]);
}
