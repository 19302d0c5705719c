import * as fc from 'fast-check';

/** A form after something has been done to its bytes, and in what pieces it is sent. */
export interface FuzzedForm {
  readonly contentType: string;
  readonly boundary: string;
  readonly body: Buffer;
  /** Whether the length that is announced is what is sent; else the connection ends early. */
  readonly isWhole: boolean;
  readonly isChunked: boolean;
  readonly pieces: number;
  /** For the report of a counterexample. */
  toString(): string;
}

const NAMES = ['a.bin', 'b-1.2.3.zip'];
/** What a parser looks at. */
const TOKENS = [
  ...'-- " \\ ; : = % name="x" ; filename="d.bin" BOUNDARY --BOUNDARY --BOUNDARY-- \0 \u00ff'.split(' '),
  ...'\r\n|\r\n\r\n|\r|\n| |\t|\r\n--BOUNDARY\r\n|\r\n--BOUNDARY--|\r\n--BOUND'.split('|'),
  'Content-Disposition: form-data; name="file"; filename="c.bin"\r\n\r\n',
  "Content-Disposition: form-data; name=file; filename*=utf-8''%ff\r\n\r\n",
  'Content-Transfer-Encoding: base64\r\n',
  'x'.repeat(3000),
  `X: ${'y'.repeat(20_000)}\r\n`,
];
const BOUNDARIES = ['X', '----WebKitFormBoundary7MA4YWxkTrZu0gW', "a'()+_,-./:=?b", 'x'.repeat(70)];

interface Part {
  readonly head: string;
  readonly content: Buffer;
}

const fields: fc.Arbitrary<Part> = fc
  .tuple(
    fc.constantFrom('note', '__proto__', 'a[b][c]', '', 'x'.repeat(101), 'file'),
    fc.oneof(
      { weight: 8, arbitrary: fc.nat(100) },
      { weight: 1, arbitrary: fc.constantFrom(1024, 1025, 300_000) },
    ),
  )
  .map(([name, size]) => ({
    head: `Content-Disposition: form-data; name="${name}"`,
    content: Buffer.alloc(size, 'field '),
  }));
const ordinaryFields = fc.constant<Part>({
  head: 'Content-Disposition: form-data; name="note"',
  content: Buffer.from('text'),
});
const files: fc.Arbitrary<Part> = fc
  .record({
    name: fc.constantFrom(...NAMES),
    content: fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('a', '\r\n', '--', '\r\n--', 'a\r\n--X-', '\r\n\r\n').map((text) => Buffer.from(text)),
      fc.constantFrom(60_000, 70_000).map((size) => Buffer.alloc(size, 'content\r\n--')),
    ),
    type: fc.constantFrom('', '\r\nContent-Type: application/zip'),
  })
  .map(({ name, content, type }) => ({
    head: `Content-Disposition: form-data; name="file"; filename="${name}"${type}`,
    content,
  }));
/** Forms that are valid, and within the limits unless there are many fields. */
const parts = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.array(ordinaryFields, { maxLength: 2 }) },
      { weight: 2, arbitrary: fc.array(fields, { maxLength: 2 }) },
      { weight: 1, arbitrary: fc.array(ordinaryFields, { minLength: 15, maxLength: 20 }) },
    ),
    files,
    fc.array(ordinaryFields, { maxLength: 2 }),
  )
  .map(([before, file, after]) => [...before, file, ...after]);

/** Where it is done, as a share of the length, and what. */
type Mutation = (body: Buffer, boundary: string) => Buffer;

const places = fc.double({ min: 0, max: 1, noNaN: true });
const mutations: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(places, fc.integer({ min: 1, max: 255 })).map(([place, bits]): Mutation => (body) => {
    const changed = Buffer.from(body);
    const at = Math.floor(place * (body.length - 1));
    if (body.length > 0) changed[at] = (changed[at] ?? 0) ^ bits;
    return changed;
  }),
  fc.tuple(places, fc.constantFrom(...TOKENS)).map(([place, token]): Mutation => (body, boundary) => {
    const at = Math.floor(place * body.length);
    const inserted = Buffer.from(token.replace('BOUNDARY', boundary), 'latin1');
    return Buffer.concat([body.subarray(0, at), inserted, body.subarray(at)]);
  }),
  fc.tuple(places, fc.integer({ min: 1, max: 100 })).map(([place, length]): Mutation => (body) => {
    const at = Math.floor(place * body.length);
    return Buffer.concat([body.subarray(0, at), body.subarray(at + length)]);
  }),
  fc.tuple(places, fc.integer({ min: 1, max: 300 })).map(([place, length]): Mutation => (body) => {
    const at = Math.floor(place * body.length);
    return Buffer.concat([body.subarray(0, at + length), body.subarray(at)]);
  }),
  places.map(
    (place): Mutation =>
      (body) =>
        body.subarray(0, Math.floor(place * body.length)),
  ),
);

export const forms: fc.Arbitrary<FuzzedForm> = fc
  .record({
    parts,
    boundary: fc.constantFrom(...BOUNDARIES),
    ends: fc.oneof(
      { weight: 4, arbitrary: fc.constant(['', '']) },
      { weight: 2, arbitrary: fc.constantFrom(['', '\r\n'], ['\r\n', ''], ['preamble\r\n', 'epilogue']) },
      { weight: 1, arbitrary: fc.constant(['--BOUNDARY--\r\n--BOUNDARY\r\n\r\n\r\n', '']) },
    ),
    mutations: fc.array(mutations, { maxLength: 3 }),
    type: fc.constantFrom('quoted', 'quoted', 'quoted', 'plain', 'upper', 'cut', 'none'),
    isWhole: fc.oneof(
      { weight: 9, arbitrary: fc.constant(true) },
      { weight: 1, arbitrary: fc.constant(false) },
    ),
    isChunked: fc.boolean(),
    pieces: fc.integer({ min: 1, max: 6 }),
  })
  .map(
    ({
      parts: all,
      boundary,
      ends: [before = '', after = ''],
      mutations: done,
      type,
      ...rest
    }): FuzzedForm => {
      const lines = all.flatMap(({ head, content }) => [`--${boundary}\r\n${head}\r\n\r\n`, content, '\r\n']);
      const valid = [before.replaceAll('BOUNDARY', boundary), ...lines, `--${boundary}--`, after].map(
        (line) => Buffer.from(line),
      );
      const body = done.reduce<Buffer>((bytes, mutate) => mutate(bytes, boundary), Buffer.concat(valid));
      const form = { contentType: contentType(type, boundary), boundary, body, ...rest };
      return {
        ...form,
        toString: () => JSON.stringify({ ...form, body: body.toString('latin1').slice(0, 2000) }),
      };
    },
  );

function contentType(type: string, boundary: string): string {
  switch (type) {
    case 'quoted':
      return `multipart/form-data; boundary="${boundary}"`;
    case 'upper':
      return `Multipart/Form-Data; charset=utf-8; Boundary="${boundary}"`;
    case 'cut':
      return `multipart/form-data; boundary="${boundary}`;
    case 'none':
      return 'multipart/form-data';
    default:
      return `multipart/form-data; boundary=${boundary}`;
  }
}

/** Whether these bytes are exactly the content of one of its parts. */
export function hasPart({ body, boundary }: FuzzedForm, content: Buffer): boolean {
  return body.includes(Buffer.concat([Buffer.from('\r\n\r\n'), content, Buffer.from(`\r\n--${boundary}`)]));
}

/** A part that no parser passes over, as it may one whose header says more or something else, and its content. */
const PLAIN_FIELD = /^Content-Disposition: form-data; name="[^"\r\n]*"\r\n\r\n(.*)$/s;

/** In what the form exceeds what docs and contract allow, as far as that is beyond doubt. */
export function excess({ body, boundary }: FuzzedForm): string[] {
  const [text = ''] = body.toString('latin1').split(`\r\n--${boundary}--`);
  const all = `\r\n${text}`.split(`\r\n--${boundary}\r\n`).slice(1);
  const long = all.flatMap((part) => PLAIN_FIELD.exec(part)?.[1] ?? []).filter(({ length }) => length > 1024);
  return [
    ...(all.length > 17 ? [`${all.length} parts`] : []),
    ...long.map((part) => `a field of ${part.length} bytes`),
  ];
}
