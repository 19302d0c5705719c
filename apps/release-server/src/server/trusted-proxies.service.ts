import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

import { Injectable } from '@nestjs/common';
import proxyAddr from 'proxy-addr';

import { Config } from '../config/config.js';
import { parseForwarded, withoutPort } from './forwarded-header.js';

/** Whether the proxy with that address, so many hops away from this server, is trusted. */
type Trusts = (address: string, hop: number) => boolean;

/** What trusted proxies say of where a client sent its request, as they sent it. */
export interface Forwarded {
  readonly scheme?: string;
  readonly host?: string;
  readonly port?: string;
  /** Of the client, where `Forwarded` counts; {@link TrustedProxies.clientAddress} reads `X-Forwarded-For` too. */
  readonly address?: string;
  /** Paths that proxies have stripped, the outermost first. */
  readonly prefixes?: readonly string[];
  /** That `Forwarded` is there and cannot be parsed. */
  readonly malformed?: boolean;
}

/** Reads what proxies say of a request, as far as `trust_proxy` goes. */
@Injectable()
export class TrustedProxies {
  private readonly trusts: Trusts;

  constructor({ trust_proxy: trusted }: Config) {
    this.trusts = trustOf(trusted);
  }

  /**
   * Reads `X-Forwarded-*` or else `Forwarded` (RFC 7239). Each proxy appends on the right what it knows, so a list is
   * read from the right for as many entries as there are trusted hops in a row, and the last of these counts; what is
   * left of it may come from the client.
   *
   * Where both are there, `X-Forwarded-*` counts alone: most proxies set that, and pass on a `Forwarded` that a client
   * wrote.
   */
  forwardedOf({ headers, socket }: IncomingMessage): Forwarded {
    const { trusts } = this;
    const peer = socket.remoteAddress ?? '';
    if (!trusts(peer, 0)) return NOTHING;
    const prefixes = listOf(headers['x-forwarded-prefix']);
    const addresses = listOf(headers['x-forwarded-for']).map(withoutPort);
    const scheme = listOf(headers['x-forwarded-proto']);
    const host = listOf(headers['x-forwarded-host']);
    const port = listOf(headers['x-forwarded-port']);
    if ([addresses, scheme, host, port].every(({ length }) => length === 0)) {
      return { prefixes, ...fromForwarded(headers, peer, trusts) };
    }
    const chain = [peer, ...addresses.toReversed()];
    const ofOutermost = (values: string[]): string | undefined =>
      values.at(-trustedHops(chain, trusts, values.length));
    return { prefixes, scheme: ofOutermost(scheme), host: ofOutermost(host), port: ofOutermost(port) };
  }

  /** The address of the client: what trusted proxies say, where that is one, else who is connected. */
  clientAddress(request: IncomingMessage, forwarded: Forwarded): string {
    const peer = request.socket.remoteAddress ?? 'unknown';
    if (forwarded === NOTHING) return peer;
    const address = forwarded.address ?? withoutPort(proxyAddr(request, this.trusts) ?? peer);
    return isIP(address) > 0 ? address : peer;
  }
}

/** Where nothing is trusted. */
const NOTHING: Forwarded = Object.freeze({});

/** The values of `trust_proxy` have the meaning that Express gives them. */
function trustOf(trusted: Config['trust_proxy']): Trusts {
  if (typeof trusted === 'boolean') return () => trusted;
  if (typeof trusted === 'number') return (_address, hop) => hop < trusted;
  return proxyAddr.compile(trusted.split(',').map((part) => part.trim()));
}

function fromForwarded({ forwarded }: IncomingMessage['headers'], peer: string, trusts: Trusts): Forwarded {
  const elements = parseForwarded(forwarded ?? '');
  if (elements === undefined) return { malformed: true };
  const chain = [peer, ...elements.map((element) => element.for ?? '').toReversed()];
  const trusted = elements.slice(elements.length - trustedHops(chain, trusts, elements.length));
  return {
    address: trusted[0]?.for,
    scheme: trusted.find(({ proto }) => proto !== undefined)?.proto,
    host: trusted.find((element) => element.host !== undefined)?.host,
  };
}

/** How many hops in a row are trusted, counted from this server, `most` at most. @param chain - their addresses. */
function trustedHops(chain: readonly string[], trusts: Trusts, most: number): number {
  let hops = 0;
  while (hops < most && trusts(chain[hops] ?? '', hops)) hops += 1;
  return hops;
}

/** The elements of a list, those of several lines of one name too, which Node has joined. */
function listOf(header: string | readonly string[] | undefined): string[] {
  const values = String(header ?? '').split(',');
  return values.map((value) => value.trim()).filter((value) => value !== '');
}
