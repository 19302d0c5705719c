import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

import { Injectable, Logger } from '@nestjs/common';

import { Config } from '../config/config.js';
import { isHost } from '../config/host-name.js';
import { contextOf } from './request-context.js';
import { ProblemError } from '../problems/problem.js';

const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)*\/?$/;
/** Of http and https: a proxy that says one of them beside the other scheme is not set up for that. */
const DEFAULT_PORTS = new Set(['80', '443']);

/** Knows under which address a client reaches this server. */
@Injectable()
export class PublicUrl {
  private readonly logger = new Logger('http');
  private readonly told = new Set<string>();

  constructor(private readonly config: Config) {}

  /**
   * The base of all links, without a trailing slash: `public_url` where it is set, else what the request says,
   * with what trusted proxies have forwarded. Throws for a host that is none.
   */
  baseFor(request: IncomingMessage): string {
    if (this.config.public_url !== undefined) return this.config.public_url;
    const { forwarded, host: requested } = contextOf(request);
    if (forwarded.malformed) this.tell('Forwarded');
    const { prefixes = [] } = forwarded;
    const scheme = this.schemeFrom(forwarded.scheme) ?? ownScheme(request);
    const host = forwarded.host ?? requested;
    if (host === '') return `${scheme}://${localAddress(request)}`;
    if (!isHost(host)) throw new ProblemError('bad_request', 'The Host header is not a host name.');
    const port = this.portFor(host, forwarded.port);
    return `${scheme}://${host}${port}${this.pathOf(prefixes)}`;
  }

  /** A proxy may pass on what a client wrote, and links have no other scheme. */
  private schemeFrom(forwarded: string | undefined): string | undefined {
    const scheme = forwarded?.toLowerCase();
    if (scheme === undefined || scheme === 'https' || scheme === 'http') return scheme;
    this.tell('X-Forwarded-Proto');
    return undefined;
  }

  /** The forwarded port, as it stands behind a host that has none. */
  private portFor(host: string, port: string | undefined): string {
    if (port === undefined || DEFAULT_PORTS.has(port) || /:\d+$/.test(host)) return '';
    if (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65535) return `:${port}`;
    this.tell('X-Forwarded-Port');
    return '';
  }

  /** All prefixes, one behind the other: a proxy behind another strips what that has left. */
  private pathOf(prefixes: readonly string[]): string {
    if (prefixes.every((prefix) => PREFIX.test(prefix) && !hasDotSegment(prefix))) {
      return prefixes.map((prefix) => prefix.replace(/\/$/, '')).join('');
    }
    this.tell('X-Forwarded-Prefix');
    return '';
  }

  /** Once for each header: a client whose headers a proxy passes on could fill the log. */
  private tell(header: string): void {
    if (this.told.has(header)) return;
    this.told.add(header);
    this.logger.warn(
      `${header} of a trusted proxy cannot be used and is ignored: see docs/proxy.md, or set public_url`,
    );
  }
}

function ownScheme({ socket }: IncomingMessage): string {
  return 'encrypted' in socket && socket.encrypted === true ? 'https' : 'http';
}

function localAddress({ socket }: IncomingMessage): string {
  const address = socket.localAddress ?? '127.0.0.1';
  return `${isIP(address) === 6 ? `[${address}]` : address}:${socket.localPort}`;
}

/** A path with `.` or `..` in it leads elsewhere once a client resolves it. */
function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => segment === '.' || segment === '..');
}
