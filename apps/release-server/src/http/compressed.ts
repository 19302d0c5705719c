import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

import { Semaphore } from 'async-mutex';

/** In the order of preference. */
export const CODINGS = ['br', 'gzip'] as const;
export type Coding = (typeof CODINGS)[number];

const COMPRESS: Record<Coding, (content: Buffer) => Promise<Buffer>> = {
  br: (content) =>
    // Denser than gzip and as fast; the densest takes half a second for a page.
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
  gzip: promisify(gzip),
};
/** Compressed forms that are kept of one body: of each coding under a few bases of links. */
const MAX_FORMS = 8;
/** Bodies that wait to be compressed. */
const MAX_WAITING = 32;
/** Of all bodies at once: the threads that do it open and read files, too. */
const slots = new Semaphore(2);
let waiting = 0;

/** The compressed forms of one body, each made once. */
export class Compressed {
  private readonly forms = new Map<string, Promise<Buffer>>();

  /**
   * The form for that base of links, made of what `content` returns, in the place of the oldest where there are enough.
   * Undefined where too many others wait: then it is sent as it is, and bases that nobody asks for twice cost no more.
   */
  get(coding: Coding, base: string, content: () => Buffer): Promise<Buffer | undefined> {
    const key = `${coding} ${base}`;
    const known = this.forms.get(key);
    if (known !== undefined) return known;
    if (waiting >= MAX_WAITING) return Promise.resolve(undefined);
    const [oldest] = this.forms.keys();
    if (oldest !== undefined && this.forms.size >= MAX_FORMS) this.forms.delete(oldest);
    waiting += 1;
    const form = slots
      .runExclusive(() => COMPRESS[coding](content()))
      .finally(() => {
        waiting -= 1;
      });
    this.forms.set(key, form);
    // The next request may try again.
    form.catch(() => this.forms.delete(key));
    return form;
  }
}
