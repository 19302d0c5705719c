import { PassThrough, type Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

import type { Request, Response } from 'express';
import multer, { MulterError, type StorageEngine } from 'multer';

const FILE = 'Content-Disposition: form-data; name="file"; filename="a.zip"';

/** What `multipart-file.ts` relies on. A release of multer or its parser that changes one of these needs a look at it. */
describe('multer', () => {
  it('takes any stream with the header fields of a request, and feeds its parser as it is told', async () => {
    const { source, result, files } = start();
    source.end(`--x\r\n${FILE}\r\n\r\nbytes\r\n--x--`);
    expect(await result).toBeUndefined();
    expect(files).toEqual([{ fieldname: 'file', originalname: 'a.zip', content: 'bytes' }]);
  });

  it('says which limit a form exceeds, and unpipes its parser before the rest of the body comes', async () => {
    const { source, result, unpiped } = start({ fieldSize: 10 });
    source.write(`--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n${'v'.repeat(11)}\r\n--x\r\n`);
    await unpiped;
    source.destroy();
    const error = await result;
    expect(error).toBeInstanceOf(MulterError);
    expect(error).toMatchObject({ code: 'LIMIT_FIELD_VALUE', message: 'Field value too long' });
  });

  it.each([
    [{ files: 1 }, 'LIMIT_FILE_COUNT', FILE],
    [{ fields: 1 }, 'LIMIT_FIELD_COUNT', 'Content-Disposition: form-data; name="a"'],
    [{ parts: 1 }, 'LIMIT_PART_COUNT', 'Content-Disposition: form-data; name="a"'],
  ])('ends the codes of too many parts in _COUNT: %j', async (limits, code, header) => {
    const { source, result } = start(limits);
    source.end(`--x\r\n${header}\r\n\r\nb\r\n`.repeat(2) + '--x--');
    expect(await result).toMatchObject({ code });
  });

  it('fails at once when the stream does, and calls back when it closes', async () => {
    const broken = new Error('broken');
    const { source, result } = start();
    source.write(`--x\r\n${FILE}\r\n\r\nbyt`);
    await turn();
    source.destroy(broken);
    expect(await result).toBe(broken);

    const closed = start();
    closed.source.destroy();
    expect(await closed.result).toBeInstanceOf(Error);
  });

  it('tells of a file while it reads as many bytes behind the header as its delimiter has', async () => {
    const { source, result, files, parser } = start();
    parser.write(`--x\r\n${FILE}\r\n\r\n`);
    parser.write('\r\n--y');
    expect(files).toHaveLength(1);
    parser.write('\r\n--x--');
    parser.end();
    expect(await result).toBeUndefined();
    source.destroy();
  });

  it('tells of a file by its delimiter at the latest', async () => {
    const { source, result, files, parser } = start();
    parser.write(`--x\r\n${FILE}\r\n\r\n`);
    parser.write('\r\n--x');
    expect(files).toHaveLength(1);
    parser.write('--');
    parser.end();
    expect(await result).toBeUndefined();
    source.destroy();
  });

  it('tells of a file without a name by the event of its parser alone', async () => {
    const { source, result, files, parsed } = start();
    source.end(
      `--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/octet-stream\r\n\r\nb\r\n--x--`,
    );
    expect(await result).toBeUndefined();
    expect([files, parsed]).toEqual([[], [['file', undefined]]]);
  });

  it('skips a part whose disposition it cannot read', async () => {
    const { source, result, files, parsed } = start();
    source.end(`--x\r\nContent-Disposition: form-data; name=; filename=a\r\n\r\nb\r\n--x--`);
    expect(await result).toBeUndefined();
    expect([files, parsed]).toEqual([[], []]);
  });

  // Where one of these fails, the parser has learned it, and the inspector before it may forget it.
  it.each([
    ['takes the header of the next part for that of one that ends within', `--x\r\n${FILE}\r\n`, 'a.zip'],
    [
      'takes a delimiter with text behind for the end of the file',
      `--x\r\n${FILE}\r\n\r\nb\r\n--xy\r\n`,
      'a.zip',
    ],
  ])('misreads a form: %s', async (_, beginning, name) => {
    const { source, result, files } = start();
    source.end(`${beginning}--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nv\r\n--x--`);
    expect(await result).toBeUndefined();
    expect(files).toMatchObject([{ originalname: name }]);
  });
});

interface ReceivedFile {
  readonly fieldname: string;
  readonly originalname: string;
  content: string;
}

/** Multer over a stream of its own. */
function start(limits: multer.Options['limits'] = {}) {
  const files: ReceivedFile[] = [];
  const parsed: [string, string | undefined][] = [];
  const unpiped = Promise.withResolvers<void>();
  const parsers: NodeJS.WritableStream[] = [];
  const storage: StorageEngine = {
    _handleFile: (_request, { fieldname, originalname, stream }, done) => {
      const file = { fieldname, originalname, content: '' };
      files.push(file);
      stream.on('data', (chunk: Buffer) => (file.content += chunk.toString()));
      stream.once('end', () => done()).once('error', done);
    },
    _removeFile: (_request, _file, done) => done(null),
  };
  const options = {
    storage,
    limits,
    streamHandler: (request: Request, parser: NodeJS.WritableStream) => {
      parser.on('file', (field: string, _stream: Readable, { filename }: { filename?: string }) => {
        parsed.push([field, filename]);
      });
      parsers.push(parser);
      request.pipe(parser);
    },
  };
  const headers = { 'content-type': 'multipart/form-data; boundary=x', 'transfer-encoding': 'chunked' };
  const source = Object.assign(new PassThrough(), { headers });
  const unpipe = source.unpipe.bind(source);
  source.unpipe = (parser) => {
    unpiped.resolve();
    return unpipe(parser);
  };
  const result = new Promise<unknown>((resolve) => {
    multer(options).single('file')(source as unknown as Request, {} as Response, resolve);
  });
  const [parser] = parsers;
  if (parser === undefined) throw new Error('multer did not make its parser at once');
  return { source, result, files, parsed, parser, unpiped: unpiped.promise };
}
