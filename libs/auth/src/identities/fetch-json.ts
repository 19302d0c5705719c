import { MOST_BYTES } from './key-set.js';
import { isSecureAddress } from './secure-address.js';

/**
 * Fetches a document from an issuer, without following it elsewhere. Rejects with an error whose message says all: for
 * any other address than https (or http of this machine), any other answer than 200, and what is too long or no JSON.
 */
export async function fetchJson(address: string, signal: AbortSignal): Promise<unknown> {
  if (!isSecureAddress(new URL(address))) throw new Error(`${address} is no https address`);
  try {
    const response = await fetch(address, {
      redirect: 'manual',
      signal,
      headers: { Accept: 'application/json' },
    });
    if (response.status !== 200) throw new Error(`status ${response.status}`);
    return JSON.parse(await textOf(response)) as unknown;
  } catch (error) {
    throw new Error(`${address}: ${reasonOf(error)}`, { cause: error });
  }
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // To leave the loop is to cancel the rest.
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES / 1024} KiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** Fetch says no more than that it failed; its cause tells why. */
function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error;
  if (name === 'SyntaxError') return 'no JSON';
  if (name === 'TimeoutError') return 'no answer in time';
  const { code, message: reason } = Object(cause) as Partial<NodeJS.ErrnoException>;
  // Where several addresses failed, only the code says something.
  return reason || code || message;
}
