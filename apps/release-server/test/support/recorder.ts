import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { Contract } from './contract.js';

const contract = Contract.load();

/** Holds every answer of the server against the contract, whoever asked; returns the list that violations enter. */
export function recordViolations(server: Server): string[] {
  const violations: string[] = [];
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const given = captureHead(response);
    const chunks = captureBody(response, given);
    response.once('finish', () => {
      const bodiless =
        request.method === 'HEAD' || response.statusCode === 304 || response.statusCode === 204;
      const exchange = {
        method: request.method ?? '',
        path: (request as { originalUrl?: string }).originalUrl ?? request.url ?? '',
        status: response.statusCode,
        headers: { ...response.getHeaders(), ...given },
        body: bodiless ? Buffer.alloc(0) : Buffer.concat(chunks),
      };
      const found = contract.violations(exchange);
      violations.push(
        ...found.map((one) => `${exchange.method} ${exchange.path} ${exchange.status}: ${one}`),
      );
    });
  });
  return violations;
}

/** Keeps the headers that a response is given as a list of names and values, of which Node itself tells nothing. */
function captureHead(response: ServerResponse): Record<string, string> {
  const given: Record<string, string> = {};
  const original = response.writeHead.bind(response) as (...parameters: unknown[]) => ServerResponse;
  response.writeHead = (...parameters: unknown[]) => {
    const headers = parameters.at(-1);
    if (Array.isArray(headers)) {
      for (let at = 0; at < headers.length; at += 2)
        given[String(headers[at]).toLowerCase()] = String(headers[at + 1]);
    }
    return original(...parameters);
  };
  return given;
}

/** Keeps what is written to a response, except the bytes of packages. */
function captureBody(response: ServerResponse, given: Readonly<Record<string, string>>): Buffer[] {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if ((given['content-type'] ?? response.getHeader('Content-Type')) === 'application/octet-stream') return;
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk));
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  for (const method of ['write', 'end'] as const) {
    const original = response[method].bind(response) as (...parameters: unknown[]) => never;
    response[method] = (...parameters: unknown[]) => {
      keep(parameters[0]);
      return original(...parameters);
    };
  }
  return chunks;
}
