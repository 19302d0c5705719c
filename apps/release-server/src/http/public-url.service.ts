import { isIP } from 'node:net';

import { Injectable } from '@nestjs/common';
import type { Request } from 'express';

import { Config } from '../config/config.js';
import { ProblemError } from './problem.js';

const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,252})|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)*\/?$/;

/** Knows under which address a client reaches this server. */
@Injectable()
export class PublicUrl {
  constructor(private readonly config: Config) {}

  /**
   * The base of all links, without a trailing slash: `public_url` where it is set, else what the request
   * says, with `X-Forwarded-Proto`, `-Host` and `-Prefix` from trusted proxies only. Throws for a `Host` that
   * is none.
   */
  baseFor(request: Request): string {
    if (this.config.public_url !== undefined) return this.config.public_url;
    const host = request.host as string | undefined;
    if (host === undefined || host === '') return `${schemeOf(request)}://${localAddress(request)}`;
    if (!HOST.test(host)) throw new ProblemError('bad_request', 'The Host header is not a host name.');
    return `${schemeOf(request)}://${host}${forwardedPrefix(request)}`;
  }
}

/** A proxy may pass on what a client wrote, and links have no other scheme. */
function schemeOf({ protocol }: Request): string {
  return protocol.toLowerCase() === 'https' ? 'https' : 'http';
}

function forwardedPrefix(request: Request): string {
  const trusts = request.app.get('trust proxy fn') as (address: string | undefined, hop: number) => boolean;
  const prefix = request.get('X-Forwarded-Prefix');
  if (prefix === undefined || !trusts(request.socket.remoteAddress, 0)) return '';
  return PREFIX.test(prefix) ? prefix.replace(/\/$/, '') : '';
}

function localAddress({ socket }: Request): string {
  const address = socket.localAddress ?? '127.0.0.1';
  return `${isIP(address) === 6 ? `[${address}]` : address}:${socket.localPort}`;
}
