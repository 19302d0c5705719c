import type { IncomingMessage } from 'node:http';

/** The token of the one `Authorization` header, if there is exactly one: `Bearer X` (RFC 6750 §2.1), or `token X`, which is GitHub's. */
export function bearerToken(request: IncomingMessage): string | undefined {
  const headers = request.headersDistinct['authorization'] ?? [];
  const [header] = headers;
  if (headers.length !== 1 || header === undefined) return undefined;
  return /^(?:Bearer|token) +(\S+)$/i.exec(header)?.[1];
}
