import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

import { endUnread } from './lingering-close.js';
import { PROBLEMS, problemDocument, type ProblemCode } from './problem.js';

/** Connections that had their last answer, and what has to know that more came on them. */
const ending = new WeakMap<Duplex, () => void>();

/** Answers what could not be parsed as HTTP, after what was asked before it and unless an answer is on its way. */
export function answerClientError(error: NodeJS.ErrnoException, stream: Duplex): void {
  const socket = stream as Socket & { _httpMessage?: ServerResponse };
  const onMore = ending.get(socket);
  if (onMore !== undefined) {
    onMore();
    return;
  }
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const pending = socket._httpMessage;
  if (pending?.req.complete === true) {
    pending.once('close', () => answerClientError(error, socket));
    return;
  }
  if (pending?.headersSent === true) {
    socket.destroySoon();
    return;
  }
  const code = clientErrorCode(error.code);
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify(problemDocument(code, `${title}.`, '/'));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ];
  const answer = `${head.join('\r\n')}\r\n\r\n${body}`;
  // Whoever was silent for too long sends nothing that could overtake the answer.
  if (code === 'request_timeout') socket.end(answer, () => socket.destroy());
  else ending.set(socket, endUnread(socket, answer));
}

function clientErrorCode(code: string | undefined): ProblemCode {
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers_too_large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'bad_request';
}
