import { createHash } from 'node:crypto';

import vary from 'vary';

import type { Coding } from './compressed.js';
import { BASE, chunksOf, type FragmentBlock } from './fragment.js';
import type { FlatHeaders } from './head.js';

/** Bodies of at most so many bytes are kept whole, with their links, and go out in one write with their head. */
export const WHOLE_BYTES = 64 * 1024;
/** Forms that are kept of one body: under a few bases of links. */
export const MAX_FORMS = 4;

/** A body without the bases of its links. */
export interface FormSource {
  readonly contentType: string;
  readonly blocks: readonly FragmentBlock[];
  /** Bytes without bases. */
  readonly length: number;
  /** How many bases are filled in. */
  readonly bases: number;
  /** Tells the body without bases. */
  readonly digest: string;
  /** May hold `BASE` as well. */
  readonly headers: Readonly<Record<string, string>>;
  /** Whether clients may have it compressed; else it is always sent as it is. */
  readonly compressible: boolean;
}

/** A prepared body under one base of links, in one coding: what all answers with it have in common. */
export class PreparedForm {
  /** Strong, in quotes. */
  readonly etag: string;
  /** Headers of a 304, which other answers have too. */
  readonly headers: FlatHeaders;
  readonly length: number;
  private kept: Buffer | undefined;
  private keptHead: FlatHeaders | undefined;

  constructor(
    private readonly body: FormSource,
    readonly base: string,
    coding?: Coding,
  ) {
    const { digest, bases, headers, compressible } = body;
    const ofBase = bases === 0 ? [] : [createHash('sha256').update(base).digest('base64url').slice(0, 11)];
    this.etag = `"${[digest, ...ofBase, ...(coding === undefined ? [] : [coding])].join('-')}"`;
    const all: Record<string, string> = { ETag: this.etag, 'Cache-Control': 'no-cache' };
    for (const [name, value] of Object.entries(headers)) all[name] = value.replaceAll(BASE, base);
    if (compressible) all['Vary'] = vary.append(all['Vary'] ?? '', 'Accept-Encoding');
    this.headers = Object.entries(all).flat();
    this.length = body.length + bases * Buffer.byteLength(base);
  }

  /** Its bytes, in chunks of at most so many. */
  chunks(size: number): Iterable<Buffer> {
    return chunksOf(this.body.blocks, Buffer.from(this.base), Math.min(this.length, size));
  }

  /** Its bytes, made once. Only of a small body. */
  get bytes(): Buffer {
    const [whole = Buffer.alloc(0)] = this.kept === undefined ? this.chunks(this.length) : [this.kept];
    return (this.kept = whole);
  }

  /** The head of a 200 without a coding. */
  get head(): FlatHeaders {
    return (this.keptHead ??= this.headOf(this.length));
  }

  /** The head of a 200. @param coding - Of the content, which has so many bytes. */
  headOf(length: number, coding?: Coding): FlatHeaders {
    const ofCoding = coding === undefined ? [] : ['Content-Encoding', coding];
    const { contentType } = this.body;
    return [...this.headers, 'Content-Type', contentType, ...ofCoding, 'Content-Length', String(length)];
  }
}

/** The forms of one body, each made once, in the place of the oldest where there are enough. */
export class PreparedForms {
  private readonly forms = new Map<string, PreparedForm>();

  get(body: FormSource, base: string, coding?: Coding): PreparedForm {
    const key = coding === undefined ? base : `${coding} ${base}`;
    const known = this.forms.get(key);
    if (known !== undefined) return known;
    const [oldest] = this.forms.keys();
    if (oldest !== undefined && this.forms.size >= MAX_FORMS) this.forms.delete(oldest);
    const form = new PreparedForm(body, base, coding);
    this.forms.set(key, form);
    return form;
  }
}
