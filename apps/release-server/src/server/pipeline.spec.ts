import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

import { servePipelines } from './pipeline.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

describe('servePipelines', () => {
  let server: Server;
  const clients: Socket[] = [];
  let accepted: Socket[];
  /** Requests that were parsed and are not answered, at most. */
  let most: number;

  async function serve(handle: RequestListener): Promise<void> {
    server = createServer({ requireHostHeader: false });
    accepted = [];
    most = 0;
    let unanswered = 0;
    server.on('connection', (socket) => accepted.push(socket));
    server.on('request', (_, response) => {
      unanswered += 1;
      most = Math.max(most, unanswered);
      response.once('close', () => (unanswered -= 1));
    });
    servePipelines(server, handle);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }

  function open(): Socket {
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
    clients.push(client);
    return client;
  }

  /** Writes until the server takes nothing for a while. */
  async function writeAll(client: Socket, bytes: Buffer): Promise<void> {
    let last = -1;
    client.write(bytes);
    while (accepted[0] === undefined || accepted[0].bytesRead !== last) {
      last = accepted[0]?.bytesRead ?? -1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  afterEach(() => {
    for (const client of clients) client.destroy();
    server.closeAllConnections();
    server.close();
  });

  it.each([
    ['requests as on any page', REQUEST],
    ['the shortest requests', 'GET / HTTP/1.1\r\n\r\n'],
    ['large heads', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(15_000)}\r\n\r\n`],
    ['bodies', 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n'.padEnd(70_000, 'x')],
    ['bodies of blank lines', `PUT / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n${'\r\n\r\n'.repeat(17_500)}`],
  ])('leaves %s unread when their answers are not taken', async (_, request) => {
    // Caught: the whole of a chunk is parsed, and the next one read, while the first answer waits for its client.
    await serve(() => undefined);
    await writeAll(open(), Buffer.from(request.repeat(Math.ceil(5_000_000 / request.length))));
    expect(most).toBeLessThan(20);
    expect(accepted[0]?.bytesRead).toBeLessThan(256 * 1024);
  });

  it('answers however many are sent at once, in order', async () => {
    await serve((request, response) => response.end(`${request.url}\n`));
    const client = open();
    const paths = Array.from({ length: 2000 }, (_, index) => `/${index}`);
    client.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (!text.endsWith('/1999\n')) await once(client, 'data');
    expect(text.match(/^\/\d+$/gm)).toEqual(paths);
    expect(most).toBeLessThan(20);
  });

  it('reads on when an answer is taken, also where a body comes before the next head', async () => {
    const bodies: string[] = [];
    await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.end(`${body.length}\n`);
      });
    });
    const client = open();
    const lengths = Array.from({ length: 60 }, (_, index) => (index * 7919) % 50_000);
    for (const length of lengths) {
      const body = '\r\n'.repeat(length).slice(0, length);
      client.write(`PUT / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n${body}`);
    }
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    while (bodies.length < lengths.length) await once(client, 'data');
    expect(bodies.map(({ length }) => length)).toEqual(lengths);
  });

  it('parses a body as it was read, whatever it consists of, and gives the memory of that back', async () => {
    // Caught: a body of blank lines is parsed by the 128 bytes, and chunks of 64 KiB wait to be collected.
    let chunks = 0;
    let kept = 0;
    await serve((request, response) => {
      request.on('data', () => (chunks += 1)).once('end', () => response.end('x'));
      // After the listener that parses.
      request.socket.on('data', (chunk: Buffer) => (kept += chunk.length));
    });
    const client = open();
    const length = 4_000_000;
    client.write(`PUT / HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n${'\r\n\r\n'.repeat(length / 4)}`);
    await once(client, 'data');
    // As many as there were reads, which the client's writes decide: some hundred, not 30,000.
    expect(chunks).toBeLessThan(1000);
    expect(kept).toBeLessThan(length / 2);
  });

  it('lets others in between those of one connection', async () => {
    // Caught: one answer leads to the next without a look at other connections.
    const order: string[] = [];
    await serve((request, response) => {
      order.push(request.url ?? '');
      response.end('x');
    });
    const many = open();
    const other = open();
    await Promise.all([once(many, 'connect'), once(other, 'connect')]);
    many.resume();
    many.write('GET /many HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2000));
    while (order.length < 10) await new Promise(setImmediate);
    other.write('GET /other HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(other, 'data');
    expect(order).toContain('/other');
    expect(order.indexOf('/other')).toBeLessThan(1900);
  });

  it('ends connections beyond the number that may have something unread', async () => {
    // Caught: 64 KiB and more are kept for every connection that sends and does not read.
    await serve(() => undefined);
    const greedy = Array.from({ length: 150 }, () => open());
    for (const client of greedy) client.write(REQUEST.repeat(100));
    const modest = open();
    modest.write(REQUEST);
    const alive = () => accepted.filter(({ destroyed }) => !destroyed).length;
    while (accepted.length < 150 + 1 || alive() > 128 + 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    // Longer than the others took, so that one too many would be seen.
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(alive()).toBe(128 + 1);
    expect(modest.closed).toBe(false);
  });
});
