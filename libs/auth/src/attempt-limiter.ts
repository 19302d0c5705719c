import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import { AuthError } from './auth.errors.js';

/** Wrong tokens of one address, or of one owner, that are answered with 401 within a minute. */
export const MAX_ATTEMPTS = 60;
const WINDOW_MS = 60_000;
/** Addresses and owners that are remembered, those that were seen last. */
const MAX_ADDRESSES = 10_000;
/** Milliseconds by which an answer is put off once a network has used up its attempts, and between two of its answers. */
const DELAY_MS = 1000;
const INTERVAL_MS = 100;
/** Answers that are put off at once: of one network, so that it leaves room for others, and of all together. */
const MAX_DELAYED_OF_ONE = 256;
const MAX_DELAYED = 1024;

interface Count {
  /** Wrong tokens since the minute began. */
  attempts: number;
  delayed: number;
  /** When the next answer may go out, by `Date.now()`. */
  nextAt: number;
}

/** What became of a wrong token. */
export interface Attempt {
  /** Wrong tokens of this address, or of their owner, since their minute began. */
  readonly count: number;
  /** Seconds after which it may be tried again; undefined while it may. */
  readonly retryAfter: number | undefined;
  /** Whether the answer was put off; if not, too many others were. */
  readonly wasDelayed: boolean;
  /** Whose tokens were too many, where it is not the address that sent them. */
  readonly owner?: string | undefined;
}

/**
 * Counts wrong tokens by network, and those whose owner is known by their name as well, and slows down clients that send too many:
 * over however many connections, their answers go out one by one. Its memory is bounded, whoever sends them: what is more than can wait is answered at once.
 */
@Injectable()
export class AttemptLimiter {
  private readonly counts = new LRUCache<string, Count>({ max: MAX_ADDRESSES, ttl: WINDOW_MS });
  private delayed = 0;

  /** Counts a wrong token; resolves when it may be answered. @param owner - Whose it was, where that is known. */
  async failed(address: string, owner?: string): Promise<Attempt> {
    const from = this.add(networkOf(address));
    const of = owner === undefined ? undefined : this.add(`token ${owner}`);
    const isOwners = of !== undefined && of.entry.attempts > from.entry.attempts;
    const { entry, key } = isOwners ? of : from;
    const { attempts: count } = entry;
    if (count <= MAX_ATTEMPTS) return { count, retryAfter: undefined, wasDelayed: false };
    const wasDelayed = this.delayed < MAX_DELAYED && entry.delayed < MAX_DELAYED_OF_ONE;
    if (wasDelayed) await this.putOff(entry);
    const left = this.counts.getRemainingTTL(key);
    const retryAfter = Math.max(1, Math.ceil(left / 1000));
    return { count, retryAfter, wasDelayed, owner: isOwners ? owner : undefined };
  }

  private add(key: string): { readonly key: string; readonly entry: Count } {
    const entry = this.counts.get(key) ?? { attempts: 0, delayed: 0, nextAt: 0 };
    // The minute begins with the first: its entry is changed in place, for setting it again would restart the TTL.
    if (entry.attempts === 0) this.counts.set(key, entry);
    entry.attempts += 1;
    return { key, entry };
  }

  private async putOff(entry: Count): Promise<void> {
    const now = Date.now();
    entry.nextAt = Math.max(now + DELAY_MS, entry.nextAt + INTERVAL_MS);
    entry.delayed += 1;
    this.delayed += 1;
    await new Promise((resolve) => setTimeout(resolve, entry.nextAt - now));
    entry.delayed -= 1;
    this.delayed -= 1;
  }
}

/** What a wrong token is answered with that came once too often; undefined where it did not. @param of - Whose it was. */
export function tooManyAttempts({ count, retryAfter, owner }: Attempt, of?: string): AuthError | undefined {
  if (retryAfter === undefined) return undefined;
  const message =
    owner === undefined
      ? 'Too many wrong tokens came from this address; a valid one is taken at any time.'
      : `The token ${owner} is not valid any more, and was tried too often.`;
  return new AuthError('too_many_attempts', message, { owner: of, attempts: { count, retryAfter, owner } });
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
