import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

import type { Request } from 'express';

import { printable } from '../observability/printable.js';
import { withoutPort } from './forwarded-header.js';
import { forwardedOf } from './forwarded.js';

/** Who asks, as lines of the log say it. */
export interface Client {
  readonly address: string;
  readonly user_agent: string | undefined;
}

/** What was found for a request; its connection does not tell any more once it is closed. */
const addresses = new WeakMap<IncomingMessage, string>();

/** The address of a client: what trusted proxies say (`trust_proxy`), where that is one, else who is connected. */
export function clientAddress(request: IncomingMessage): string {
  const known = addresses.get(request);
  if (known !== undefined) return known;
  const peer = request.socket.remoteAddress ?? 'unknown';
  const { app, ip = peer } = request as Partial<Request>;
  const said = (app && forwardedOf(request as Request).address) ?? withoutPort(ip);
  const address = isIP(said) > 0 ? said : peer;
  addresses.set(request, address);
  return address;
}

export function clientOf(request: IncomingMessage): Client {
  const agent = request.headers['user-agent'];
  return { address: clientAddress(request), user_agent: agent === undefined ? undefined : printable(agent) };
}
