import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { endUnread } from './lingering-close.js';
import { problemDocument, problemType } from '../problems/problem.js';
import type { ProblemCode } from '../problems/problem-codes.js';
import { SECURITY_HEADERS } from './security-headers.js';

type HttpSocket = Socket & { _httpMessage?: ServerResponse };

/** Connections of which nothing more is parsed. */
const failed = new WeakSet<Duplex>();

export function hasFailed(socket: Duplex): boolean {
  return failed.has(socket);
}

/** Answers what could not be parsed as HTTP, after what was asked before it and unless an answer is on its way. */
export function answerClientError(error: NodeJS.ErrnoException, stream: Duplex): void {
  // Node reports a head that is late again and again.
  if (failed.has(stream)) return;
  failed.add(stream);
  answer(error, stream as HttpSocket);
}

function answer(error: NodeJS.ErrnoException, socket: HttpSocket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const pending = socket._httpMessage;
  if (pending?.req.complete === true) {
    pending.once('close', () => answer(error, socket));
    return;
  }
  if (pending?.headersSent === true) {
    socket.destroySoon();
    return;
  }
  const code = clientErrorCode(error.code);
  const bytes = problemMessage(code);
  // A client that was silent for too long sends nothing that could overtake the answer.
  if (code === 'request_timeout') socket.end(bytes, () => socket.destroy());
  else endUnread(socket, bytes);
}

/** A whole answer, for a connection on which there is no request to answer. */
export function problemMessage(code: ProblemCode, detail?: string): string {
  const type = problemType(code);
  const { status, title } = type;
  const body = JSON.stringify(problemDocument({ type, detail: detail ?? `${title}.` }, '/'));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    ...Object.entries(SECURITY_HEADERS).map(([name, value]) => `${name}: ${value}`),
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function clientErrorCode(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
}
