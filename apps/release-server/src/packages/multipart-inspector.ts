import type { IncomingHttpHeaders } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { MIMEType } from 'node:util';

import { StorageError } from '#storage';

import { ProblemError } from '../problems/problem.js';
import type { PartHeaders } from './upload-headers.js';

/** Bytes that a form may have beside its file: boundaries, part headers, small text fields. */
export const FORM_OVERHEAD = 64 * 1024;
/** Bytes of a part's header; busboy has the same limit. */
const MAX_HEADER = 16 * 1024;
const CRLF = '\r\n';

export interface InspectorOptions {
  /** Most bytes of the file. */
  readonly maxSize: number;
  /** Called with the header of the part that holds a file. Throws where that cannot be taken. */
  readonly assertFile: (headers: PartHeaders) => void;
}

/**
 * Passes the bytes of a `multipart/form-data` body on to multer, which takes this stream for the request. Fails as
 * soon as the body is one that multer's parser misreads or that has no end, and shows the header of its file, which
 * the parser keeps to itself. Like the parser, it takes a delimiter for one wherever it stands (RFC 2046 §5.1.1).
 */
export class MultipartInspector extends Transform {
  private delimiterFound: Buffer | undefined;
  /** Bytes at the end of what came that may be the beginning of a delimiter; the first needs no line break. */
  private held: Buffer = Buffer.from(CRLF);
  private place: 'outside' | 'header' | 'field' | 'file' | 'end' = 'outside';
  private header: Buffer = Buffer.alloc(0);
  private beside = 0;
  private size = 0;

  constructor(
    readonly headers: IncomingHttpHeaders,
    private readonly options: InspectorOptions,
  ) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.inspect(chunk);
      done(null, chunk);
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      this.accept(this.held);
      done(this.place === 'end' ? null : malformed('Unexpected end of form'));
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
    for (let at = data.indexOf(this.delimiter); at !== -1; at = data.indexOf(this.delimiter)) {
      this.accept(data.subarray(0, at));
      this.beginPart();
      data = data.subarray(at + this.delimiter.length);
    }
    const whole = data.length - this.beginningAtEnd(data);
    this.accept(data.subarray(0, whole));
    this.held = data.subarray(whole);
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
    this.place = 'header';
    this.header = Buffer.alloc(0);
  }

  /** Takes note of bytes that are no delimiter. */
  private accept(data: Buffer): void {
    if (this.place === 'file') return;
    this.beside += data.length;
    if (this.place === 'header') this.readHeader(data);
    if (this.beside > FORM_OVERHEAD) throw malformed('too much beside the file');
  }

  /** Reads what follows a delimiter: the two hyphens of the end, or a line break and the header of a part. */
  private readHeader(data: Buffer): void {
    const before = this.header.length;
    const header = Buffer.concat([this.header, data.subarray(0, MAX_HEADER)]);
    this.header = header;
    if (header.length < 2) return;
    const start = header.toString('latin1', 0, 2);
    if (start === '--') {
      this.place = 'end';
      return;
    }
    if (start !== CRLF) throw malformed('a boundary is followed by other text');
    const end = header.indexOf(`${CRLF}${CRLF}`);
    if (end === -1) {
      if (header.length > MAX_HEADER) throw malformed('Malformed part header');
      return;
    }
    const headers = parseHeader(header.toString('latin1', 2, end));
    this.place = isFile(headers) ? 'file' : 'field';
    if (this.place === 'field') return;
    this.beside -= before + data.length - (end + 4);
    this.options.assertFile(headers);
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
