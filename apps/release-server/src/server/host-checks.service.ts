import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

import { Injectable } from '@nestjs/common';

import { Config } from '../config/config.js';
import { isHost } from '../config/host-name.js';
import { ProblemError } from '../problems/problem.js';
import { hostName } from './host.js';
import { PROBES } from './probes.js';
import { PublicUrl } from './public-url.service.js';
import type { RequestContext } from './request-context.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/**
 * Refuses requests that a page of another site may have sent: by the name of this server against DNS rebinding, where
 * such a page reaches this server under a name of its own, and writes by their origin.
 */
@Injectable()
export class HostChecks {
  private readonly names: ReadonlySet<string> | undefined;
  /** What names end with, each with a dot in front. */
  private readonly suffixes: readonly string[];

  constructor(
    { allowed_hosts: allowed, public_url: url }: Config,
    private readonly publicUrl: PublicUrl,
  ) {
    const own = url === undefined ? [] : [hostName(new URL(url).host)];
    this.names = allowed && new Set(['localhost', ...own, ...allowed]);
    this.suffixes = ['.localhost', ...(allowed ?? []).flatMap((name) => suffixOf(name))];
  }

  check(request: IncomingMessage, { path, host, forwarded }: RequestContext): void {
    // A kubelet probes a pod by its address, with any Host.
    if (this.names !== undefined && !PROBES.has(path.replace(/\/$/, ''))) {
      // Both: a client that reaches this server without its proxy can send a header that only the proxy should.
      this.requireAllowed(host);
      this.requireAllowed(forwarded.host ?? '');
    }
    if (!SAFE.has(request.method ?? '')) this.requireOwnOrigin(request, host);
  }

  /** An address cannot be rebound, and a request without a name comes from no browser. */
  private requireAllowed(host: string): void {
    if (host === '') return;
    if (!isHost(host)) throw new ProblemError('bad_request', 'The Host header is not a host name.');
    const name = hostName(host);
    if (this.names?.has(name) || isIP(name) > 0) return;
    if (this.suffixes.some((suffix) => name.endsWith(suffix) && name.length > suffix.length)) return;
    throw new ProblemError(
      'misdirected_request',
      `This server is not served under the name ${name}: allowed_hosts in its configuration does not include it.`,
    );
  }

  /** Browsers say where a write comes from; other clients say nothing. */
  private requireOwnOrigin(request: IncomingMessage, host: string): void {
    const { 'sec-fetch-site': site, origin } = request.headers;
    if (site === undefined ? this.isOwn(origin, request, host) : site === 'same-origin' || site === 'none')
      return;
    throw new ProblemError(
      'cross_origin_request',
      `A page of another origin${origin === undefined ? '' : ` (${shown(origin)})`} cannot write here. ` +
        'If it is the page of this server, set public_url or trust_proxy, so that the server knows its own address.',
    );
  }

  private isOwn(origin: string | undefined, request: IncomingMessage, host: string): boolean {
    if (origin === undefined) return true;
    const given = originOf(origin);
    if (given === undefined) return false;
    return given === originOf(`http://${host}`) || given === originOf(this.publicUrl.baseFor(request));
  }
}

function suffixOf(pattern: string): string[] {
  return pattern.startsWith('*.') ? [pattern.slice(1)] : [];
}

function originOf(url: string): string | undefined {
  return URL.parse(url)?.origin;
}

/** As it may stand in an answer. */
function shown(origin: string): string {
  return origin.replace(/[^\x21-\x7e]/g, '?').slice(0, 100);
}
