import type { IncomingHttpHeaders } from 'node:http';
import { Readable, Transform, type TransformCallback } from 'node:stream';
import { MIMEType } from 'node:util';

import { StorageError } from '#storage';

import { ProblemError } from '../problems/problem.js';
import type { PartHeaders } from './upload-headers.js';

/** Bytes that a form may have beside its file: boundaries, part headers, small text fields. */
export const FORM_OVERHEAD = 64 * 1024;
/** Bytes of a part's header; busboy has the same limit. */
const MAX_HEADER = 16 * 1024;
const CRLF = '\r\n';
/** Length of a needle up to which `indexOf` is several times as fast as for a longer one. */
const EASY_LENGTH = 7;

export interface InspectorOptions {
  /** Most bytes of the file. */
  readonly maxSize: number;
  /** Called with the header of the part that holds a file. Throws where that cannot be taken. */
  readonly assertFile: (headers: PartHeaders) => void;
}

/**
 * Passes the bytes of a `multipart/form-data` body on to the parser of multer, which takes this stream for the request,
 * all but those of the file that is taken: to look for its end once is enough. Fails as soon as the body is one that the
 * parser misreads or that has no end, and shows the header of its file, which the parser keeps to itself. Like the
 * parser, it takes a delimiter for one wherever it stands (RFC 2046 §5.1.1).
 */
export class MultipartInspector extends Transform {
  private parser: NodeJS.WritableStream | undefined;
  private delimiterFound: Buffer | undefined;
  /** Bytes at the end of what came that may be the beginning of a delimiter; the first needs no line break. */
  private held: Buffer = Buffer.from(CRLF);
  private place: 'outside' | 'header' | 'field' | 'file' | 'end' = 'outside';
  private header: Buffer = Buffer.alloc(0);
  private beside = 0;
  private size = 0;
  /** Of the part that is read, once it is taken. */
  private content: Readable | undefined;
  /** Bytes of a part with a file that the parser got too, until it is known whether it is taken. */
  private shown: Buffer = Buffer.alloc(0);
  private isPassedOver = false;
  /** Whether what was taken waits to be read. */
  private isFull = false;
  private whenRead: TransformCallback | undefined;

  constructor(
    readonly headers: IncomingHttpHeaders,
    private readonly options: InspectorOptions,
  ) {
    super();
  }

  feed(parser: NodeJS.WritableStream): void {
    this.parser = parser;
  }

  /** The bytes of the file that the parser has just told of. Its end is left to whoever learns how the form ends. */
  takeFile(): Readable {
    if (this.isPassedOver) throw new Error('The parser tells of a file later than it used to');
    this.content = new Readable({
      read: () => {
        this.isFull = false;
        this.readOn();
      },
    });
    return this.content;
  }

  /** Multer gives the body up, or has all of it. It would read the rest before it says what was wrong. */
  override unpipe(): this {
    return this.destroy();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.inspect(chunk);
    } catch (error) {
      done(error as Error);
      return;
    }
    this.whenRead = done;
    if (!this.isFull) this.readOn();
  }

  private readOn(): void {
    const done = this.whenRead;
    this.whenRead = undefined;
    done?.();
  }

  override _flush(done: TransformCallback): void {
    try {
      this.accept(this.held);
      if (this.place !== 'end') throw malformed('Unexpected end of form');
      this.parser?.end();
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** Found once bytes come, when multer has accepted the Content-Type, which it reads more strictly and faster. */
  private get delimiter(): Buffer {
    return (this.delimiterFound ??= Buffer.from(`${CRLF}--${boundaryOf(this.headers)}`, 'latin1'));
  }

  private inspect(chunk: Buffer): void {
    this.size += chunk.length;
    const { maxSize } = this.options;
    if (this.size > maxSize + FORM_OVERHEAD) {
      throw new StorageError('package_too_large', `The upload is larger than the limit of ${maxSize} bytes.`);
    }
    let data = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    for (let at = this.findDelimiter(data); at !== -1; at = this.findDelimiter(data)) {
      this.accept(data.subarray(0, at));
      this.beginPart();
      data = data.subarray(at + this.delimiter.length);
    }
    const whole = data.length - this.beginningAtEnd(data);
    this.held = data.subarray(whole);
    // Last: whoever takes a whole chunk may release its memory.
    this.accept(data.subarray(0, whole));
  }

  private findDelimiter(data: Buffer): number {
    const { delimiter } = this;
    const at = data.indexOf(delimiter.subarray(0, EASY_LENGTH));
    if (at === -1 || delimiter.equals(data.subarray(at, at + delimiter.length))) return at;
    return data.indexOf(delimiter, at);
  }

  /** The length of a delimiter's beginning at the end of the data. Only its first byte is a carriage return. */
  private beginningAtEnd(data: Buffer): number {
    const last = data.subarray(-(this.delimiter.length - 1));
    const at = last.lastIndexOf('\r');
    if (at === -1) return 0;
    const length = last.length - at;
    return this.delimiter.subarray(0, length).equals(last.subarray(at)) ? length : 0;
  }

  private beginPart(): void {
    if (this.place === 'header' && this.header.length > 0) throw malformed('a part ends within its header');
    if (this.place === 'end') throw malformed('a part follows its end');
    this.show(this.delimiter);
    this.content = undefined;
    this.shown = Buffer.alloc(0);
    this.isPassedOver = false;
    this.place = 'header';
    this.header = Buffer.alloc(0);
  }

  /** Takes note of bytes that are no delimiter. */
  private accept(data: Buffer): void {
    const ofFile = this.place === 'header' ? this.readHeader(data) : this.place === 'file' ? data.length : 0;
    const others = data.length - ofFile;
    this.beside += others;
    if (this.beside > FORM_OVERHEAD) throw malformed('too much beside the file');
    this.show(data.subarray(0, others));
    this.acceptFile(data.subarray(others));
  }

  /** Shows the parser as much of a file as it needs to tell of it, and all of one that nobody takes. */
  private acceptFile(data: Buffer): void {
    if (data.length === 0) return;
    if (this.content !== undefined) {
      this.isFull = !this.content.push(data);
    } else if (this.shown.length < this.delimiter.length) {
      const shown = data.subarray(0, this.delimiter.length - this.shown.length);
      this.shown = Buffer.concat([this.shown, shown]);
      this.show(shown);
      this.acceptFile(data.subarray(shown.length));
    } else {
      this.isPassedOver = true;
      this.show(data);
    }
  }

  /** Gives bytes to the parser, which tells of a file while it reads them. */
  private show(data: Buffer): void {
    if (data.length > 0) this.parser?.write(data);
    if (this.content !== undefined && this.shown.length > 0) {
      this.isFull = !this.content.push(this.shown);
      this.shown = Buffer.alloc(0);
    }
  }

  /**
   * Reads what follows a delimiter: the two hyphens of the end, or a line break and the header of a part. Returns how
   * many of the last bytes are those of a file.
   */
  private readHeader(data: Buffer): number {
    const before = this.header.length;
    const header = Buffer.concat([this.header, data.subarray(0, MAX_HEADER)]);
    this.header = header;
    if (header.length < 2) return 0;
    const start = header.toString('latin1', 0, 2);
    if (start === '--') {
      this.place = 'end';
      return 0;
    }
    if (start !== CRLF) throw malformed('a boundary is followed by other text');
    const end = header.indexOf(`${CRLF}${CRLF}`);
    if (end === -1) {
      if (header.length > MAX_HEADER) throw malformed('Malformed part header');
      return 0;
    }
    const headers = parseHeader(header.toString('latin1', 2, end));
    this.place = isFile(headers) ? 'file' : 'field';
    if (this.place === 'field') return 0;
    this.options.assertFile(headers);
    return before + data.length - (end + 4);
  }
}

function boundaryOf(headers: IncomingHttpHeaders): string {
  try {
    return new MIMEType(headers['content-type'] ?? '').params.get('boundary') ?? '';
  } catch {
    return '';
  }
}

/** Fields may go on in lines that begin with a space (RFC 5322 §2.2.3). */
function parseHeader(header: string): PartHeaders {
  const headers: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const line of header.replace(/\r\n(?=[ \t])/g, '').split(CRLF)) {
    const colon = line.indexOf(':');
    (headers[line.slice(0, colon).toLowerCase()] ??= []).push(line.slice(colon + 1).trim());
  }
  return headers;
}

/** RFC 7578 §4.2; multer takes a part for a file by the same. */
function isFile(headers: PartHeaders): boolean {
  return headers['content-disposition']?.some((value) => /;\s*filename\*?=/i.test(value)) === true;
}

export function malformed(why: string): ProblemError {
  return new ProblemError('malformed_multipart', `The multipart body is malformed: ${why}.`);
}
