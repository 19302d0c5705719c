import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import * as fc from 'fast-check';

import { get, json, names, post, put, sha256 } from '../support/client.js';
import type { ServerProcess } from '../support/process.js';
import { until } from '../support/until.js';
import { row, type Row } from './support/row.js';
import { ask, askAsWriter, BEARER, fieldsOf, form } from './support/wire.js';

/** A server whose packages lie one directory below a file that must stay as it is, and one package. */
async function guarded({ server, directory }: Row): Promise<Guarded> {
  const data = join(directory, 'data');
  const secret = join(directory, 'secret');
  await writeFile(secret, 'outside');
  const one = await server({}, { directory: data });
  await put(one, 'a.zip', 'inside');
  const outside = async (): Promise<string[]> => (await readdir(directory)).toSorted();
  return {
    server: one,
    data,
    secret,
    expectUntouched: async (stored = ['a.zip']) => {
      expect(await outside()).toEqual(['data', 'secret']);
      expect(await readFile(secret, 'utf8')).toBe('outside');
      const visible = (await readdir(data)).filter((name) => !name.startsWith('.'));
      expect(visible.toSorted()).toEqual(stored);
      expect(await (await get(one, '/assets/a.zip')).text()).toBe('inside');
    },
  };
}

interface Guarded {
  readonly server: ServerProcess;
  readonly data: string;
  readonly secret: string;
  /** Nothing is outside that was not, and inside lies what is named. */
  readonly expectUntouched: (stored?: string[]) => Promise<void>;
}

/** Reading a name that none can have, writing it, deleting it. */
async function statusesOf(server: ServerProcess, name: string): Promise<string> {
  const statuses = [
    await ask(server, `GET /assets/${name}`),
    await ask(server, `HEAD /assets/${name}`),
    await askAsWriter(server, `DELETE /assets/${name}`),
    await askAsWriter(server, `PUT /assets/${name}?overwrite=true`, { body: 'written' }),
  ];
  return `${name}: ${statuses.map(({ status }) => status).join(' ')}`;
}

row(
  'B1',
  'asset names that lead out of the directory, as they stand and encoded',
  { rounds: { usual: 150, long: 10_000, of: 'random paths' } },
  async (given) => {
    const { server, secret, expectUntouched } = await guarded(given);
    const written = [
      '../secret',
      '.',
      '..',
      '%2e%2e%2fsecret',
      '..%2fsecret',
      '..%5csecret',
      '..\\secret',
      '%2e%2e/secret',
      '..%252fsecret',
      '....//secret',
      'a/../../secret',
      'a%2fb',
      'a/b',
      '/etc',
      '//etc/passwd',
      '%2fetc%2fpasswd',
      encodeURIComponent(secret),
      'file:%2f%2f%2fetc%2fpasswd',
      '.release-server/incoming/x',
    ];
    for (const name of written) expect(await statusesOf(server, name)).toBe(`${name}: 404 404 404 400`);
    // The address as it stands, not below /assets.
    for (const path of ['/../secret', '//etc/passwd', '/assets/../../secret', '/docs/../../secret']) {
      expect([path, (await ask(server, `GET ${path}`)).status]).toEqual([path, 404]);
    }
    const step = fc.constantFrom('..', '.', '%2e%2e', '%2E.', 'a', 'secret', 'data', '');
    const separator = fc.constantFrom('/', '%2f', '%2F', '%5c', '\\', '%252f', ';/');
    const path = fc
      .tuple(step, fc.array(fc.tuple(separator, step), { minLength: 1, maxLength: 4 }), separator)
      .map(([first, steps, last]) => [first, ...steps.flat(), last, 'secret'].join(''));
    const refused = async (name: string): Promise<void> =>
      expect(await statusesOf(server, name)).toBe(`${name}: 404 404 404 400`);
    await fc.assert(fc.asyncProperty(path, refused), { numRuns: given.rounds });
    await expectUntouched();
  },
);

row(
  'B2',
  'control characters and writing direction in names',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async (given) => {
    const { server, expectUntouched } = await guarded(given);
    const hostile = [
      '%00',
      'a.zip%00',
      'a.zip%00.txt',
      'a%0d%0aX-Injected:%20yes',
      'a%0aX-Injected:%20yes',
      'a%0d',
      'a.zip%0a',
      'a%09b',
      'a%1b%5b31m',
      'a%7f',
      'a%c2%85',
      'a%e2%80%a8b',
      'a%e2%80%ae.piz',
      'a%ef%bb%bf',
    ];
    for (let round = 0; round < given.rounds; round++) {
      for (const name of hostile) {
        expect(await statusesOf(server, name)).toBe(`${name}: 404 404 404 400`);
        for (const Accept of ['text/html', 'application/json']) {
          const answer = await ask(server, `GET /assets/${name}`, { headers: [`Accept: ${Accept}`] });
          expect(fieldsOf(answer)).not.toHaveProperty('x-injected');
        }
      }
    }
    // A byte that no address may hold never comes so far.
    for (const byte of ['\0', '\r', '\n', '\x7f']) {
      expect((await ask(server, `PUT /assets/a${byte}b`, { body: 'x', headers: [BEARER] })).status).toBe(400);
    }
    for (const line of await server.logged()) {
      expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), timestamp: expect.any(String) });
      expect(line).toMatch(/^[\x20-\x7e]*$/);
    }
    await expectUntouched();
  },
);

row(
  'B3',
  'addresses that cannot be decoded',
  { rounds: { usual: 200, long: 5000, of: 'random encodings' } },
  async (given) => {
    const { server } = await guarded(given);
    const expectRefused = async (start: string): Promise<void> => {
      const { status } = await askAsWriter(server, start, { body: 'x' });
      expect(`${start}: ${[400, 404].includes(status) ? 'refused' : status}`).toBe(`${start}: refused`);
    };
    const broken = [
      '%',
      '%f',
      '%ff',
      '%zz',
      '%c0%ae',
      '%c0%ae%c0%ae%2fsecret',
      '%u002e',
      '%ed%a0%80',
      '\xff',
    ];
    for (const text of broken) {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
        await expectRefused(`${method} /assets/${text}`);
        await expectRefused(`${method} /assets/a${text}b`);
      }
      await expectRefused(`GET /docs/${text}`);
      await expectRefused(`GET /${text}`);
    }
    const octet = fc.tuple(fc.constantFrom('%', '%', '%', ''), fc.string({ minLength: 0, maxLength: 2 }));
    const random = fc.array(octet, { minLength: 1, maxLength: 6 }).map((octets) =>
      octets
        .flat()
        .join('')
        .replace(/[^!-~]/g, '%'),
    );
    const neverFails = async (text: string): Promise<void> => {
      for (const start of [`GET /assets/${text}`, `PUT /assets/${text}`, `GET /packages?q=${text}`]) {
        const { status } = await askAsWriter(server, start, { body: 'x' });
        expect(`${start}: ${status >= 200 && status < 500 ? 'answered' : status}`).toBe(`${start}: answered`);
      }
    };
    await fc.assert(fc.asyncProperty(random, neverFails), { numRuns: given.rounds });
    expect((await server.logged()).filter((line) => line.includes('"level":"ERROR"'))).toEqual([]);
  },
);

row(
  'B4',
  'hidden files, names that end oddly, and names that objects have by themselves',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async (given) => {
    const { server, data, expectUntouched } = await guarded(given);
    await writeFile(join(data, '.env'), 'PASSWORD=1');
    await mkdir(join(data, '.git'));
    await writeFile(join(data, 'a '), 'x');
    await writeFile(join(data, 'a.'), 'x');
    // Listed once it has been quiet for a while; the others would be by then.
    await writeFile(join(data, 'b.zip'), 'x');
    await until(async () => (await names(server)).includes('b.zip'));
    const hidden = ['.env', '.git', '.git/config', '.release-server', '.release-server/meta', 'a.', 'a%20'];
    for (let round = 0; round < given.rounds; round++) {
      for (const name of [...hidden, '%20a', '__proto__', '-a', '']) {
        const expected = name === '' ? '404 404 404 404' : '404 404 404 400';
        expect(await statusesOf(server, name)).toBe(`${name}: ${expected}`);
      }
      for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf', 'then']) {
        expect((await get(server, `/assets/${name}`)).status).toBe(404);
        expect((await put(server, name, name, { query: '?__proto__[x]=1&constructor=2' })).status).toBe(201);
        expect((await put(server, name, 'other')).status).toBe(409);
        expect(await (await get(server, `/assets/${name}`)).text()).toBe(name);
        expect((await names(server)).toSorted()).toEqual(['a.zip', 'b.zip', name].toSorted());
        expect((await askAsWriter(server, `DELETE /assets/${name}`)).status).toBe(204);
      }
      const field = (name: string): string =>
        `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n1\r\n`;
      const { headers = [], body = '' } = form('name="file"; filename="toString"');
      const fields = `${field('__proto__')}${field('constructor')}${String(body)}`;
      expect((await askAsWriter(server, 'POST /upload', { headers, body: fields })).status).toBe(200);
      expect((await askAsWriter(server, 'DELETE /assets/toString')).status).toBe(204);
    }
    expect(await readFile(join(data, '.env'), 'utf8')).toBe('PASSWORD=1');
    const latest = await json<{ assets: { name: string }[] }>(await get(server, '/latest'));
    expect(latest.assets.map(({ name }) => name).toSorted()).toEqual(['a.zip', 'b.zip']);
    await expectUntouched(['a ', 'a.', 'a.zip', 'b.zip']);
  },
);

row(
  'B5',
  'long names and names beyond ASCII, from an address and from a form',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async (given) => {
    const { server } = await guarded(given);
    const longest = `${'n'.repeat(196)}.zip`;
    const refused = [
      'n'.repeat(201),
      'n'.repeat(255),
      'n'.repeat(256),
      'n'.repeat(300),
      'n'.repeat(5000),
      '\u0301',
      'cafe\u0301.zip',
      'caf\u00e9.zip',
      '\u{1f4e6}.zip',
      '\u{1f4e6}'.repeat(60),
      '\u0430.zip',
      '\ufb01.zip',
      'a\u200b.zip',
    ];
    for (let round = 0; round < given.rounds; round++) {
      for (const publish of [put, post]) {
        for (const name of refused) {
          expect(`${name}: ${(await publish(server, name, 'x')).status}`).toBe(`${name}: 400`);
          expect(`${name}: ${(await get(server, `/assets/${encodeURIComponent(name)}`)).status}`).toBe(
            `${name}: 404`,
          );
        }
        const body = `by ${publish.name}`;
        const stored = await publish(server, longest, body, { query: '?overwrite=true' });
        expect([200, 201]).toContain(stored.status);
        const download = await get(server, `/assets/${longest}`);
        expect(download.headers.get('etag')).toBe(`"sha256:${sha256(body)}"`);
        expect(await download.text()).toBe(body);
      }
    }
    await server.stop();
    const restarted = await given.server({}, { directory: join(given.directory, 'data') });
    expect((await names(restarted)).toSorted()).toEqual(['a.zip', longest]);
  },
);

row(
  'B6',
  'file names of forms that lead elsewhere, split lines or are none',
  { rounds: { usual: 1, long: 20, of: 'rounds' } },
  async (given) => {
    const { server, expectUntouched } = await guarded(given);
    const dispositions = [
      'name="file"; filename="a%0D%0AX: 1%22.html"',
      'name="file"; filename="../../x"',
      'name="file"; filename="../secret"',
      'name="file"; filename="..\\\\x"',
      'name="file"; filename="C:\\\\x.zip"',
      'name="file"; filename="/etc/x.zip"',
      'name="file"; filename="dir/x.zip"',
      'name="file"; filename=".."',
      'name="file"; filename=".env"',
      'name="file"; filename="x.zip "',
      'name="file"; filename="x\0.zip"',
      'name="file"; filename="x\u202e.zip"',
      'name="file"; filename="x\tz.zip"',
      'name="file"; filename="%2e%2e%2fx"',
      'name="file"; filename*=UTF-8\'\'..%2Fsecret',
      'name="file"; filename*=UTF-8\'\'x%00.zip',
      'name="file"; filename*=UTF-8\'\'x%0d%0aX-Injected%3a%201',
      'name="file"; filename="x.zip"; filename*=UTF-8\'\'..%2Fsecret',
      'name="file"; filename=""',
      'name="file"\r\nContent-Type: application/octet-stream',
      'name="file"',
    ];
    for (let round = 0; round < given.rounds; round++) {
      for (const disposition of dispositions) {
        const answer = await askAsWriter(server, 'POST /upload?overwrite=true', form(disposition));
        expect(`${disposition}: ${answer.status}`).toBe(`${disposition}: 400`);
        expect(fieldsOf(answer)).not.toHaveProperty('x-injected');
        await expectUntouched();
      }
    }
    expect((await askAsWriter(server, 'POST /upload', form('name="file"; filename="x.zip"'))).status).toBe(
      200,
    );
  },
);
