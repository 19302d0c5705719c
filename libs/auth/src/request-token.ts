import type { IncomingMessage } from 'node:http';

import type { AuthOptions } from './auth.options.js';

/**
 * The token of the one `Authorization` header, if there is exactly one: `Bearer X` (RFC 6750 §2.1), or `token X`, which is
 * GitHub's; where reads are closed also Basic (RFC 7617), which is all that many clients of package indexes have.
 */
export function requestToken(
  request: IncomingMessage,
  { closesReads = false }: Pick<AuthOptions, 'closesReads'>,
): string | undefined {
  const headers = request.headersDistinct['authorization'] ?? [];
  const [header] = headers;
  if (headers.length !== 1 || header === undefined) return undefined;
  const token = /^(?:Bearer|token) +(\S+)$/i.exec(header)?.[1];
  return token ?? (closesReads ? basicToken(header) : undefined);
}

/** The password, whatever the user is called; or the user's name where the password is none, as GitHub has it. */
function basicToken(header: string): string | undefined {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header)?.[1];
  if (encoded === undefined) return undefined;
  const [, user = '', password = ''] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
  const token = password === '' || password === 'x-oauth-basic' ? user : password;
  return /^\S+$/.test(token) ? token : undefined;
}
