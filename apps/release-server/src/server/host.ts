import type { IncomingMessage } from 'node:http';

const AUTHORITY = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/([^/?#]*)/;

/**
 * The host that a request names, with its port where it has one; empty where it names none. Of a target that is a
 * whole address its host counts, and not the header (RFC 9112 §3.2.2).
 */
export function requestedHost({ url = '', headers }: IncomingMessage): string {
  const authority = url.startsWith('/') ? undefined : AUTHORITY.exec(url)?.[1];
  return authority ?? headers.host ?? '';
}

/** The name of a host as names are compared: in lower case, without port, brackets and the dot of the root. */
export function hostName(host: string): string {
  const name = host.toLowerCase().replace(/:\d+$/, '');
  return name.startsWith('[') ? name.slice(1, -1) : name.replace(/\.$/, '');
}
