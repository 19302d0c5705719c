import { createHash } from 'node:crypto';

import type { Request, Response } from 'express';
import { LRUCache } from 'lru-cache';

import { noneMatchHits } from './conditional.js';

/** An answer that is made once and sent many times. */
export interface PreparedBody {
  readonly contentType: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export function prepareBody(
  contentType: string,
  content: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): PreparedBody {
  const body = typeof content === 'string' ? Buffer.from(content) : content;
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 27)}"`;
  return { contentType, body, etag, headers };
}

/** Bodies made from one state, forgotten when the state is another object. Bounded in number and bytes. */
export class PreparedBodies<State extends object> {
  private readonly bodies = new LRUCache<string, PreparedBody>({
    max: 100,
    maxSize: 32 * 1024 * 1024,
    sizeCalculation: ({ body }) => body.length + 1,
  });
  private state: State | undefined;

  get(state: State, key: string, make: () => PreparedBody): PreparedBody {
    if (state !== this.state) {
      this.bodies.clear();
      this.state = state;
    }
    let prepared = this.bodies.get(key);
    if (prepared === undefined) {
      prepared = make();
      this.bodies.set(key, prepared);
    }
    return prepared;
  }
}

/** Sends a prepared body, or 304 where the client has it. */
export function sendPrepared(request: Request, response: Response, prepared: PreparedBody): void {
  response.setHeader('ETag', prepared.etag);
  response.setHeader('Cache-Control', 'no-cache');
  for (const [name, value] of Object.entries(prepared.headers)) response.setHeader(name, value);
  const ifNoneMatch = request.headers['if-none-match'];
  if (ifNoneMatch !== undefined && noneMatchHits(ifNoneMatch, prepared.etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.statusCode = 200;
  response.setHeader('Content-Type', prepared.contentType);
  response.setHeader('Content-Length', prepared.body.length);
  response.end(prepared.body);
}

/** Sends a small answer that is made for one request, and that no condition of the request changes. */
export function sendText(response: Response, status: number, contentType: string, content: string): void {
  const body = Buffer.from(content);
  response.statusCode = status;
  response.setHeader('Content-Type', contentType);
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
