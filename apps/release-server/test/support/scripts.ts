import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';

/** What a program said, and how it ended: null where a signal ended it. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program in an environment of its own. @param started - Is given its process. */
export async function runProgram(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
  cwd?: string,
  started?: (child: ChildProcess) => void,
): Promise<Outcome> {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const child = spawn(program, args, { env, cwd });
  started?.(child);
  const outcome: Outcome = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  [outcome.code] = (await once(child, 'close')) as [number | null];
  return outcome;
}

/** Runs one of the scripts, as a user's CI does. */
export function run(
  script: string,
  args: readonly string[],
  environment: Record<string, string> = {},
  directory = 'scripts',
): Promise<Outcome> {
  return runProgram('sh', [resolve(directory, script), ...args], environment);
}

export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** No answer: the connection is cut when the request has come. */
  readonly cut?: boolean;
}

/** A server that gives these answers in turn, the last of them for ever. */
export async function answering(
  answers: readonly ScriptedAnswer[],
  use: (url: string, requests: string[]) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  const fake = createServer((request, response) => {
    request.resume().on('end', () => {
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
      if (answer === undefined || answer.cut === true) response.destroy();
      else response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(fake, 'listening');
  try {
    await use(`http://127.0.0.1:${(fake.address() as AddressInfo).port}`, requests);
  } finally {
    fake.closeAllConnections();
    fake.close();
  }
}

/** What happens to a request on its way. */
export interface Passage {
  /** As `PUT /releases/v1/assets/a.zip`, without the query. */
  readonly what: string;
  /** Sends the request on, and says when the server has answered it. */
  readonly pass: () => Promise<void>;
  /** Ends the connection; the answer is lost. */
  readonly cut: () => void;
}

/** A proxy to a server that asks about each request; what is neither passed nor cut is passed. */
export async function between(
  server: { readonly url: string },
  judge: (passage: Passage) => Promise<void> | void,
  use: (url: string) => Promise<void>,
): Promise<void> {
  const proxy = createServer((request, response) => {
    const { method = '', url = '' } = request;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { host: _host, connection: _connection, expect: _expect, ...headers } = request.headers;
      let answer: Promise<Response> | undefined;
      const pass = (): Promise<Response> =>
        (answer ??= fetch(`${server.url}${url}`, {
          method,
          headers: headers as Record<string, string>,
          ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
        }));
      const finish = async (): Promise<void> => {
        await judge({
          what: `${method} ${url.replace(/\?.*/, '')}`,
          pass: () => pass().then(() => undefined),
          cut: () => void response.destroy(),
        });
        if (response.destroyed) return;
        const {
          status,
          headers: fields,
          body,
        } = await pass().then(async (got) => ({
          status: got.status,
          headers: { 'Content-Type': got.headers.get('content-type') ?? 'text/plain' },
          body: await got.text(),
        }));
        response.writeHead(status, fields).end(body);
      };
      finish().catch(() => response.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    await use(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}
