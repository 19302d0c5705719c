import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as ask,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

/** A request on its way to the store. */
export interface StoreRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Method and object in two words, such as `PUT index`; see {@link kindOf}. */
  readonly kind: string;
}

/** What befalls a request. */
export type Fate =
  /** It never reaches the store: its connection is reset. */
  | 'drop'
  /** The store does it, and the connection is reset instead of answering. */
  | 'lose reply'
  /** It never reaches the store, and is answered with this status. */
  | { readonly answer: number }
  /** The store does it, and its answer is cut in the middle. */
  | 'cut'
  /** It goes on when this resolves. */
  | { readonly after: () => Promise<unknown> }
  /** The same, even when nobody waits for its answer any more: all of it was received before. */
  | { readonly held: () => Promise<unknown> }
  /** The store does it, and its answer goes on when this resolves. */
  | { readonly late: () => Promise<unknown> }
  /**
   * It goes on without these headers, names in lower case, as to a store that ignores them; signed anew, with the keys of
   * the environment and the time of this machine.
   */
  | { readonly without: readonly string[] };

/** What became of a request at the store. */
export interface Exchange extends StoreRequest {
  readonly body: Buffer;
  /** Of the store's answer; 0 where none came. */
  readonly status: number;
  /** When it went on to the store and when the answer began to come, by `performance.now()`. */
  readonly began: number;
  readonly ended: number;
  /** Whether the answer is kept from who asked. */
  readonly isLost: boolean;
}

interface Observer {
  readonly matches: (request: StoreRequest) => boolean;
  readonly tell: (exchange: Exchange) => void;
}

/** A fate for requests, until it is taken back. */
export interface Rule {
  /** Requests that met it so far. */
  readonly met: number;
  remove(): void;
}

interface Kept {
  readonly matches: (request: StoreRequest) => boolean;
  readonly fate: Fate;
  times: number;
  met: number;
}

/** Stands on loopback between the product and a real store, and passes on every byte but where it is told otherwise. */
export class StoreProxy {
  private readonly agent = new Agent({ keepAlive: true, timeout: 4000 });
  private readonly rules = new Set<Kept>();
  private readonly observers: Observer[] = [];
  private readonly kinds = new Map<string, number>();

  private constructor(
    private readonly store: URL,
    private readonly server: Server,
  ) {}

  /** Starts one in front of the store at that address. */
  static async start(endpoint: string): Promise<StoreProxy> {
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 });
    const proxy = new StoreProxy(new URL(endpoint), server);
    const take = (request: IncomingMessage, response: ServerResponse): void => {
      proxy.take(request, response).catch(() => reset(request));
    };
    server.on('request', take);
    // Whether to send the body is for the store to say.
    server.on('checkContinue', take);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Has a fate befall requests that match, the first so many of them; of several rules the first that matches counts. */
  treat(matches: (request: StoreRequest) => boolean, fate: Fate, times = Infinity): Rule {
    const rule: Kept = { matches, fate, times, met: 0 };
    this.rules.add(rule);
    return {
      get met() {
        return rule.met;
      },
      remove: () => void this.rules.delete(rule),
    };
  }

  /**
   * Tells of every exchange that matches. Such a request goes on once all of it is here, and then its outcome is awaited
   * even when nobody waits for it any more, so that nothing happens in the store unseen.
   */
  observe(matches: Observer['matches'], tell: Observer['tell']): void {
    this.observers.push({ matches, tell });
  }

  /** Requests so far by their kind. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.kinds);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    this.agent.destroy();
    await once(this.server, 'close');
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = request;
    const kind = kindOf(method, path);
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1);
    const fate = this.fateOf({ method, path, headers, kind });
    if (fate === 'drop') return reset(request);
    if (typeof fate !== 'object' || 'held' in fate || 'late' in fate) {
      return this.forward(request, response, fate);
    }
    if ('answer' in fate) return refuse(request, response, fate.answer);
    if ('without' in fate) {
      return this.forward(request, response, undefined, signedAnew(request, fate.without));
    }
    await fate.after();
    return this.forward(request, response);
  }

  private fateOf(request: StoreRequest): Fate | undefined {
    for (const rule of this.rules) {
      if (rule.times === 0 || !rule.matches(request)) continue;
      rule.times -= 1;
      rule.met += 1;
      return rule.fate;
    }
    return undefined;
  }

  private async forward(
    request: IncomingMessage,
    response: ServerResponse,
    fate?: Exclude<Fate, 'drop' | { answer: number } | { after: unknown } | { without: unknown }>,
    headers: readonly string[] = request.rawHeaders,
  ): Promise<void> {
    const { method = '', url: path = '' } = request;
    const { hostname, port } = this.store;
    const asked = { method, path, headers: request.headers, kind: kindOf(method, path) };
    const observers = this.observers.filter(({ matches }) => matches(asked));
    const isHeld = typeof fate === 'object' && 'held' in fate;
    const isKept = isHeld || observers.length > 0;
    if (isKept && request.headers.expect !== undefined) response.writeContinue();
    const body = isKept ? await buffer(request) : undefined;
    if (isHeld) await fate.held();
    const began = performance.now();
    const upstream = ask({ agent: this.agent, host: hostname, port, method, path, headers, setHost: false });
    // Errors are met where the answer is awaited and read.
    upstream.on('error', () => undefined);
    response.once('close', () => {
      if (!response.writableFinished && fate === undefined && body === undefined) upstream.destroy();
    });
    const answered = once(upstream, 'response') as Promise<[IncomingMessage]>;
    const tell = (status: number): void => {
      const outcome = { status, began, ended: performance.now(), isLost: fate === 'lose reply' };
      for (const one of observers) one.tell({ ...asked, body: body ?? Buffer.alloc(0), ...outcome });
    };
    answered.then(
      ([{ statusCode = 0 }]) => tell(statusCode),
      () => tell(0),
    );
    if (body !== undefined) upstream.end(body);
    else if (request.headers.expect === undefined) request.pipe(upstream);
    else {
      upstream.once('continue', () => {
        response.writeContinue();
        request.pipe(upstream);
      });
    }
    const [answer] = await answered;
    if (fate === 'lose reply') {
      await buffer(answer);
      return reset(request);
    }
    if (typeof fate === 'object' && 'late' in fate) await fate.late();
    response.sendDate = false;
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answer.rawHeaders);
    if (fate === 'cut') return cut(request, response, await buffer(answer));
    await pipeline(answer, response);
  }
}

/** What a request is about: `index`, `blob`, `probe`, `list` or `bucket`, by the keys that the driver gives. */
export function kindOf(method: string, path: string): string {
  const [key = '', query = ''] = path.split('?');
  if (/(^|&)list-type=2(&|$)/.test(query)) return `${method} list`;
  if (key.endsWith('/index.json')) return `${method} index`;
  if (key.includes('/packages/') || /\/releases\/[-0-9a-f]{36}\//.test(key)) return `${method} blob`;
  return `${method} ${key.includes('/probe/') ? 'probe' : 'bucket'}`;
}

function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

/** Half of it arrives, and then the connection ends. */
function cut(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  response.write(body.subarray(0, body.length / 2), () => request.socket.end());
}

async function refuse(request: IncomingMessage, response: ServerResponse, status: number): Promise<void> {
  // Who waits for 100 Continue sends no body now.
  if (request.headers.expect === undefined) await once(request.resume(), 'end');
  const body = `<?xml version="1.0"?><Error><Code>${status === 503 ? 'SlowDown' : 'InternalError'}</Code></Error>`;
  response.writeHead(status, { 'Content-Type': 'application/xml', 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? '' : body);
}

/** The headers of a request without some, with a signature that fits (AWS Signature Version 4). */
function signedAnew(request: IncomingMessage, without: readonly string[]): string[] {
  const { method = '', url = '', headers, rawHeaders } = request;
  const authorization = headers.authorization ?? '';
  const [, scope = '', names = ''] =
    /Credential=[^/]+\/([^,]+), *SignedHeaders=([^,]+)/.exec(authorization) ?? [];
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const [, region = '', service = '', end = ''] = scope.split('/');
  const scopeNow = [date.slice(0, 8), region, service, end].join('/');
  const signed = names.split(';').filter((name) => !without.includes(name));
  const values: Readonly<Record<string, string | string[] | undefined>> = { ...headers, 'x-amz-date': date };
  const [path = '', query = ''] = url.split('?');
  const canonical = [
    method,
    path,
    query
      .split('&')
      .map((one) => (one === '' || one.includes('=') ? one : `${one}=`))
      .toSorted()
      .join('&'),
    ...signed.map((name) => `${name}:${String(values[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signed.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  const hmac = (key: string | Buffer, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest();
  const secret = `AWS4${process.env['AWS_SECRET_ACCESS_KEY'] ?? ''}`;
  const key = scopeNow.split('/').reduce<string | Buffer>(hmac, secret);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scopeNow, digest].join('\n')).toString('hex');
  const changed: Readonly<Record<string, string>> = {
    'x-amz-date': date,
    authorization: `AWS4-HMAC-SHA256 Credential=${process.env['AWS_ACCESS_KEY_ID'] ?? ''}/${scopeNow}, SignedHeaders=${signed.join(';')}, Signature=${signature}`,
  };
  const result: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    if (without.includes(name.toLowerCase())) continue;
    result.push(name, changed[name.toLowerCase()] ?? value);
  }
  return result;
}
