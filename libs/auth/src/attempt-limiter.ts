import { setTimeout as delay } from 'node:timers/promises';

import { LRUCache } from 'lru-cache';

/** Wrong tokens of one address that are answered with 401 within a minute. */
export const MOST_ATTEMPTS = 60;
const WINDOW_MS = 60_000;
/** Addresses that are remembered, those that were seen last. */
const MOST_ADDRESSES = 10_000;
/** Milliseconds by which an answer is put off once an address has used up its attempts. */
const DELAY_MS = 1000;
/** Answers that are put off at once, of all addresses together. */
const MOST_DELAYED = 100;

/** What became of a wrong token. */
export interface Attempt {
  /** Wrong tokens of this address since its minute began. */
  readonly count: number;
  /** Seconds after which the address may try again; undefined while it may. */
  readonly retryAfter: number | undefined;
  /** Whether the answer was put off; if not, too many others were. */
  readonly wasDelayed: boolean;
}

/** Counts wrong tokens by address, and slows down who sends too many. Its memory is bounded, whoever sends them. */
export class AttemptLimiter {
  private readonly counts = new LRUCache<string, { count: number }>({ max: MOST_ADDRESSES, ttl: WINDOW_MS });
  private delayed = 0;

  /** Takes down a wrong token; resolves when it may be answered. */
  async failed(address: string): Promise<Attempt> {
    const key = networkOf(address);
    const entry = this.counts.get(key) ?? { count: 0 };
    // The minute begins with the first one: what is there is changed, not set anew.
    if (entry.count === 0) this.counts.set(key, entry);
    const count = ++entry.count;
    if (count <= MOST_ATTEMPTS) return { count, retryAfter: undefined, wasDelayed: false };
    const wasDelayed = this.delayed < MOST_DELAYED;
    if (wasDelayed) {
      this.delayed += 1;
      await delay(DELAY_MS).finally(() => (this.delayed -= 1));
    }
    const left = this.counts.getRemainingTTL(key);
    return { count, retryAfter: Math.max(1, Math.ceil(left / 1000)), wasDelayed };
  }
}

/** Whose an address is: itself, and the /64 of an IPv6 address, within which anybody may choose one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? 0 : tail.split(':').length;
    while (groups.length + after < 8) groups.push('0');
  }
  const network = groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}
