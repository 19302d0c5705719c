import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';

import type { Request, Response } from 'express';
import * as fc from 'fast-check';

import { releaseChunk, StorageError } from '#storage';

import { ProblemError } from '../problems/problem.js';
import { openForm, type FormFile } from './multipart-file.js';
import { FORM_OVERHEAD } from './multipart-inspector.js';

const MAX_SIZE = 1024 * 1024;
const FILE = 'Content-Disposition: form-data; name="file"; filename="a.zip"';
/** It has a file by what the header looks like, and none by what it says. */
const SKIPPED = 'Content-Disposition: form-data; name=; filename=a';

describe('a form', () => {
  it.each([
    ['alone', body(part(FILE, 'bytes'))],
    ['behind a preamble and before an epilogue', body('pre\r\n', part(FILE, 'bytes'), '--x--\r\nepilogue')],
    ['between fields', body(field('a', 'v'), part(FILE, 'bytes'), field('b', 'w'))],
    ['behind a delimiter with nothing', body('--x\r\n', part(FILE, 'bytes'))],
    ['behind a part that the parser skips', body(part(SKIPPED, 's'.repeat(200)), part(FILE, 'bytes'))],
    ['before a part that the parser skips', body(part(FILE, 'bytes'), part(SKIPPED, 's'.repeat(200)))],
    [
      'beside fields whose names look like files',
      body(field('a; filename=b', 'v'.repeat(200)), part(FILE, 'bytes'), field('; filename=', 'v')),
    ],
    ['with a header in two lines', body(part(FILE.replace('; name', ';\r\n name'), 'bytes'))],
  ])('gives its file %s, in whatever pieces it comes', async (_, form) => {
    for (const size of [1, 2, 7, form.length]) {
      const { name, content } = await open(request(form, size));
      expect([name, await text(content)]).toEqual(['a.zip', 'bytes']);
    }
  });

  it('gives exactly the bytes of any file that does not contain its delimiter', async () => {
    const bytes = fc
      .array(
        fc.oneof(
          fc.uint8Array({ maxLength: 50 }).map((chunk) => Buffer.from(chunk)),
          fc
            .constantFrom('\r', '\n', '\r\n', '-', '--', '--x', '\r\n-', '\r\n--', '\r\n--X', '\r--x', 'x--')
            .map((token) => Buffer.from(token)),
        ),
        { maxLength: 20 },
      )
      .map((chunks) => Buffer.concat(chunks))
      .filter(
        (content) => !content.includes('\r\n--x') && !content.subarray(0, 3).equals(Buffer.from('--x')),
      );
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(bytes, fc.boolean(), cuts, async (content, hasField, sizes) => {
        const parts = [...(hasField ? [field('a', 'v')] : []), `--x\r\n${FILE}\r\n\r\n`];
        const form = Buffer.concat([Buffer.from(parts.join('')), content, Buffer.from('\r\n--x--\r\n')]);
        const opened = await open(request(form, ...sizes));
        expect((await buffer(opened.content)).equals(content)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a name with its path', 'filename="../a.zip"', '../a.zip'],
    ['a name in UTF-8', 'filename="pâté"', 'pâté'],
    ['the extended name', `filename="b"; filename*=utf-8''p%C3%A2t%C3%A9`, 'pâté'],
    ['escapes as browsers write them', 'filename="a%0D%0A%22"', 'a\r\n"'],
  ])('gives %s as it was sent', async (_, filename, name) => {
    const opened = await open(
      request(body(part(`Content-Disposition: form-data; name=file; ${filename}`, 'x'))),
    );
    expect(opened.name).toBe(name);
  });

  it.each([
    [
      'a part that ends within its header',
      body(`--x\r\n${FILE}\r\n`, part(FILE, 'b')),
      'malformed_multipart',
    ],
    ['a part after its end', body(part(FILE, 'b'), '--x--\r\n', field('a', 'v')), 'malformed_multipart'],
    ['a file after its end', body('--x--\r\n', part(FILE, 'b')), 'malformed_multipart'],
    ['its boundary within the file', body(part(FILE, 'b\r\n--xy')), 'malformed_multipart'],
    ['a second file', body(part(FILE, 'b'), part(FILE, 'b')), 'malformed_multipart'],
    ['no end', body(part(FILE, 'b')).slice(0, -4), 'malformed_multipart'],
    ['nothing', '', 'malformed_multipart'],
    ['a header of 17 KB', body(part(`X: ${'h'.repeat(17_000)}\r\n${FILE}`, 'b')), 'malformed_multipart'],
    [
      'too much beside the file',
      body(part(FILE, 'b'), '--x--', 'e'.repeat(FORM_OVERHEAD)),
      'malformed_multipart',
    ],
    ['a field too many', body(field('a', 'v').repeat(17), part(FILE, 'b')), 'malformed_multipart'],
    ['a field that is too long', body(field('a', 'v'.repeat(1025))), 'malformed_multipart'],
    [
      'a file in Base64',
      body(part(`${FILE}\r\nContent-Transfer-Encoding:\r\n base64`, 'b')),
      'malformed_multipart',
    ],
    ['a coded file', body(part(`${FILE}\r\ncontent-encoding: gzip`, 'b')), 'unsupported_content_coding'],
    ['a part of a file', body(part(`${FILE}\r\nContent-Range: bytes 0-0/2`, 'b')), 'partial_upload'],
    [
      'a file without a name',
      body(part('Content-Disposition: form-data; name="file"', 'b')),
      'invalid_package_name',
    ],
    ['an empty name', body(part(FILE.replace('a.zip', ''), 'b')), 'invalid_package_name'],
    ['a file in another field', body(part(FILE.replace('file', 'package'), 'b')), 'missing_file'],
    ['fields only', body(field('a', 'v')), 'missing_file'],
  ])('fails with %s, in whatever pieces it comes', async (_, form, code) => {
    for (const size of [1, 7, form.length + 1]) {
      expect(await failureOf(request(form, size))).toBe(code);
    }
  });

  it.each([
    ['a field without an end', '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', 'v'],
    ['a part that the parser skips', '--x\r\nContent-Disposition: form-data; name=; filename=a\r\n\r\n', 'v'],
    ['a preamble without an end', '', 'p'],
    ['a part header without an end', '--x\r\n', 'X: y\r\n'],
    ['a file over the limit', `--x\r\n${FILE}\r\n\r\n`, 'b'],
  ])('fails with %s before the rest of it has come', async (_, start, repeated) => {
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        yield Buffer.from(start);
        for (; sent < 100 * MAX_SIZE; sent += 60_000)
          yield Buffer.from(repeated.repeat(60_000 / repeated.length));
      })(),
    );
    expect(await failureOf(withHeaders(endless))).toMatch(/^(?:malformed_multipart|package_too_large)$/);
    expect(sent).toBeLessThan(2 * MAX_SIZE);
  });

  it('gives chunks whose memory its reader may release', async () => {
    const chunks = Array.from({ length: 10 }, (_, index) => Buffer.alloc(64 * 1024, String(index)));
    const expected = chunks.join('');
    const form = [Buffer.from(`--x\r\n${FILE}\r\n\r\n`), ...chunks, Buffer.from('\r\n--x--\r\n')];
    const { content } = await open(withHeaders(Readable.from(form)));
    let received = '';
    for await (const chunk of content as AsyncIterable<Buffer>) {
      received += chunk.toString();
      releaseChunk(chunk);
    }
    expect(received === expected).toBe(true);
    // All but what came before its file was taken.
    expect(chunks.filter(({ length }) => length > 0).length).toBeLessThan(3);
  });

  it('waits for whoever reads its file', async () => {
    let sent = 0;
    const slow = Readable.from(
      (function* () {
        yield Buffer.from(`--x\r\n${FILE}\r\n\r\n`);
        for (; sent < MAX_SIZE; sent += 10_000) yield Buffer.alloc(10_000);
        yield Buffer.from('\r\n--x--\r\n');
      })(),
    );
    const { content } = await open(withHeaders(slow));
    for (let turns = 0; turns < 100; turns++) await turn();
    expect(sent).toBeLessThan(MAX_SIZE / 2);
    expect((await buffer(content)).length).toBeGreaterThanOrEqual(MAX_SIZE);
  });

  // Caught: whether to read on is told by what lies in the buffer, from which the reader has not taken its part yet.
  it('reads on when its file is asked for and the next piece has nothing of it', async () => {
    const bytes = Buffer.alloc(80_000, 'x');
    const source = pushed();
    source.push(`--x\r\n${FILE}\r\n\r\nx`);
    const { content } = await open(source);
    // More than is buffered, and then what may begin a delimiter.
    for (const piece of [bytes.subarray(1, 40_000), bytes.subarray(40_000), '\r']) source.push(piece);
    await turn();
    source.push('\n--x--\r\n');
    source.push(null);
    for (let turns = 0; turns < 10; turns++) await turn();

    expect((await buffer(content)).equals(bytes)).toBe(true);
  });

  it('ends its file only when all of the form has been read', async () => {
    const source = pushed();
    source.push(body(part(FILE, 'bytes')).slice(0, -5));
    const { content } = await open(source);
    let isOver = false;
    const all = text(content).finally(() => (isOver = true));
    for (let turns = 0; turns < 20; turns++) await turn();
    expect(isOver).toBe(false);
    source.push('x--\r\n');
    source.push(null);
    expect(await all).toBe('bytes');
  });

  it('fails when its client leaves, before its file and within', async () => {
    const gone = new Error('gone');
    const early = pushed();
    const opening = open(early);
    early.destroy(gone);
    await expect(opening).rejects.toBe(gone);

    const late = pushed();
    late.push(`--x\r\n${FILE}\r\n\r\nbyt`);
    const { content } = await open(late);
    const reading = text(content);
    late.destroy(gone);
    await expect(reading).rejects.toBe(gone);

    const before = pushed();
    before.destroy(gone);
    await expect(open(before)).rejects.toBe(gone);
  });

  it('fails with the reason of its signal, before its file and within', async () => {
    const stalled = new Error('stalled');
    const early = new AbortController();
    const opening = open(pushed(), early.signal);
    early.abort(stalled);
    await expect(opening).rejects.toBe(stalled);

    const late = new AbortController();
    const source = pushed();
    source.push(`--x\r\n${FILE}\r\n\r\nbyt`);
    const { content } = await open(source, late.signal);
    const reading = text(content);
    late.abort(stalled);
    await expect(reading).rejects.toBe(stalled);
  });

  it('leaves its request when nobody wants the file', async () => {
    const source = pushed();
    const listeners = source.eventNames().length;
    source.push(`--x\r\n${FILE}\r\n\r\nbyt`);
    const { content } = await open(source);
    content.destroy();
    for (let turns = 0; turns < 20; turns++) await turn();
    expect([source.destroyed, source.eventNames().length]).toEqual([false, listeners]);
  });
});

function part(header: string, content: string): string {
  return `--x\r\n${header}\r\n\r\n${content}\r\n`;
}

function field(name: string, value: string): string {
  return part(`Content-Disposition: form-data; name="${name}"`, value);
}

/** A form of these parts, ended unless they end it. */
function body(...parts: string[]): string {
  const form = parts.join('');
  return form.includes('--x--') ? form : `${form}--x--\r\n`;
}

/** A request with this body, in pieces of these sizes in turn. */
function request(form: string | Buffer, ...sizes: number[]): Request {
  const bytes = Buffer.from(form);
  return withHeaders(
    Readable.from(
      (function* () {
        for (let at = 0, index = 0; at < bytes.length; index++) {
          const size = sizes[index % sizes.length] ?? bytes.length;
          yield bytes.subarray(at, (at += size));
        }
      })(),
    ),
  );
}

/** A request whose body is pushed. */
function pushed(): Request {
  return withHeaders(new Readable({ read: () => undefined }));
}

function withHeaders(source: Readable): Request {
  const headers = { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' };
  return Object.assign(
    source.on('error', () => undefined),
    { headers },
  ) as unknown as Request;
}

function open(source: Request, signal = new AbortController().signal): Promise<FormFile> {
  return openForm(source, {} as Response, MAX_SIZE, signal);
}

/** The code of what is wrong with a form, when it is opened or when its file is read. */
async function failureOf(source: Request): Promise<string> {
  try {
    return `none: ${await text((await open(source)).content)}`;
  } catch (error) {
    if (error instanceof ProblemError) return error.type.code;
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}
