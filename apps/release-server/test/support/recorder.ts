import type { IncomingMessage, Server, ServerResponse } from 'node:http';

import { Contract } from './contract.js';

const contract = Contract.load();

/** Holds every answer of the server against the contract, whoever asked; returns the list that violations enter. */
export function recordViolations(server: Server): string[] {
  const violations: string[] = [];
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks = captureBody(response);
    response.once('finish', () => {
      const bodiless =
        request.method === 'HEAD' || response.statusCode === 304 || response.statusCode === 204;
      const exchange = {
        method: request.method ?? '',
        path: request.url ?? '',
        status: response.statusCode,
        headers: response.getHeaders(),
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

/** Keeps what is written to a response, except the bytes of packages. */
function captureBody(response: ServerResponse): Buffer[] {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (response.getHeader('Content-Type') === 'application/octet-stream') return;
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
