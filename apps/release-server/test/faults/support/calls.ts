import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { sha256 } from '../../support/client.js';
import { AUTH } from '../../support/server.js';
import type { Span } from './index-history.js';

/** What must be stored for a write to go ahead: nothing, whatever, something, or the version with this digest. */
export type Condition = 'absent' | 'any' | 'present' | { readonly digest: string };

/** What a client asks for. */
export type Wish =
  | {
      readonly does: 'publish';
      readonly name: string;
      readonly digest: string;
      readonly condition: Condition;
    }
  | { readonly does: 'remove'; readonly name: string; readonly condition: Condition }
  | { readonly does: 'read'; readonly name: string }
  | { readonly does: 'list' };

/** A request as its client saw it. */
export interface Call extends Span {
  readonly wish: Wish;
  /** Number of the replica that was asked. */
  readonly replica: number;
  /** Undefined where no answer came, or not all of it. */
  readonly status: number | undefined;
  /** What a publish or a read was answered with, where it succeeded. */
  readonly version?: { readonly digest: string; readonly at: number | undefined };
  /** Of the body of a download. */
  readonly received?: string;
  /** What a list was answered with: name and digest of each, in order. */
  readonly listed?: readonly string[];
}

type Answer = Pick<Call, 'status' | 'version' | 'received' | 'listed'>;

/** A replica that takes requests. */
interface Target {
  readonly replica: number;
  readonly url: string;
}

const NAMES = Array.from('abcdefghijklmnop', (letter) => `${letter}.bin`);
/** Kept in memory by the server, read in one piece, and read in many. */
const SIZES = [2000, 2000, 2000, 2000, 200_000, 1_000_000];
/** Milliseconds for which a slow reader rests. */
const REST = 1000;
/** Milliseconds after which nobody waits for an answer any more. */
const PATIENCE = 60_000;

/** What clients share. */
export class CallLog {
  /** Those that came to an end. */
  readonly calls: Call[] = [];
  /** The digest last heard of, by name. */
  readonly heard = new Map<string, string>();
}

/** A client that does one thing after another, each at any replica, and keeps what came of it. */
export class ChaosClient {
  private name = 'a.bin';

  constructor(
    private readonly target: () => Target | undefined,
    private readonly log: CallLog,
  ) {}

  async work(goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      const target = this.target();
      if (target === undefined) await delay(50);
      else await this.call(target);
    }
  }

  private async call({ replica, url }: Target): Promise<void> {
    const body = Buffer.alloc(SIZES[randomInt(SIZES.length)] ?? 1, randomBytes(16).toString('hex'));
    const wish = this.wish(sha256(body));
    const began = performance.now();
    const answer = await this.send(url, wish, body).catch((): Answer => ({ status: undefined }));
    this.log.calls.push({ wish, replica, ...answer, began, ended: performance.now() });
    if (wish.does === 'publish' && answer.version !== undefined) {
      this.log.heard.set(wish.name, answer.version.digest);
    }
  }

  /** Any of many; half of the time about the same package as the last, which another replica is then asked about. */
  private wish(digest: string): Wish {
    if (randomInt(2) === 0) this.name = NAMES[randomInt(NAMES.length)] ?? '';
    const { name } = this;
    const heard = { digest: this.log.heard.get(name) ?? digest };
    const wishes: readonly (readonly [number, Wish])[] = [
      [30, { does: 'publish', name, digest, condition: 'absent' }],
      [15, { does: 'publish', name, digest, condition: 'any' }],
      [10, { does: 'publish', name, digest, condition: heard }],
      [10, { does: 'remove', name, condition: 'present' }],
      [5, { does: 'remove', name, condition: heard }],
      [25, { does: 'read', name }],
      [5, { does: 'list' }],
    ];
    let drawn = randomInt(100);
    for (const [weight, wish] of wishes) if ((drawn -= weight) < 0) return wish;
    throw new Error('unreachable: the weights come to 100');
  }

  private async send(url: string, wish: Wish, body: Buffer<ArrayBuffer>): Promise<Answer> {
    const signal = AbortSignal.timeout(PATIENCE);
    if (wish.does === 'list') {
      const response = await fetch(`${url}/packages?format=json`, { signal });
      const listed = (await response.json()) as { name: string; sha256: string }[];
      return { status: response.status, listed: listed.map((one) => `${one.name} ${one.sha256}`) };
    }
    const address = `${url}/assets/${wish.name}`;
    if (wish.does === 'read') {
      const response = await fetch(address, { signal, method: randomInt(3) === 0 ? 'HEAD' : 'GET' });
      return this.answerOfRead(response);
    }
    const { condition } = wish;
    const ifMatch: Record<string, string> =
      typeof condition === 'object' ? { 'If-Match': `"sha256:${condition.digest}"` } : {};
    const headers = { ...AUTH, ...ifMatch };
    if (wish.does === 'remove') {
      const response = await fetch(address, { signal, method: 'DELETE', headers });
      await response.arrayBuffer();
      return { status: response.status };
    }
    const query = condition === 'any' ? '?overwrite=true' : '';
    const response = await fetch(`${address}${query}`, { signal, method: 'PUT', body, headers });
    const view = (await response.json()) as { sha256: string; created_at: string };
    if (!response.ok) return { status: response.status };
    return {
      status: response.status,
      version: { digest: view.sha256, at: Date.parse(view.created_at) },
    };
  }

  private async answerOfRead(response: Response): Promise<Answer> {
    const chunks: Uint8Array[] = [];
    const isSlow = randomInt(4) === 0;
    for await (const chunk of response.body ?? []) {
      if (isSlow && chunks.length === 0) await delay(REST);
      chunks.push(chunk);
    }
    const { status, headers } = response;
    if (status !== 200) return { status };
    const digest = headers.get('etag')?.replace(/^"sha256:|"$/g, '') ?? '';
    const version = { digest, at: undefined };
    // A HEAD has no body.
    return response.body === null
      ? { status, version }
      : { status, version, received: sha256(Buffer.concat(chunks)) };
  }
}
