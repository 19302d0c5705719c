/** Bytes with which a piece of a text is full; it has whole members. */
const PIECE_BYTES = 64 * 1024;
/** Times that a part is gone through at most for members that leave it; more take longer than to write it anew. */
const MOST_PASSES = 16;

/** What is in a part of a text, or comes into it and leaves it: members of a JSON object or array, each as its text. */
export interface MemberChanges {
  /** Each exactly as it came. */
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

/** What is to be written of each part of an index: all members of it, or what changed of them. */
export interface IndexParts<T> {
  readonly packages: T;
  readonly garbage: T;
  /** Those below `releases`. */
  readonly records: T;
  readonly packagesInFolders: T;
  readonly garbageOfFolders: T;
}

/** The members before the parts, without braces: of the index, and of what it says of releases. */
export interface IndexHeads {
  readonly index: string;
  readonly releases: string;
}

/**
 * An index as it is stored, in pieces. One that comes of another by changes shares with it all pieces but those that
 * changed, rather than write thousands of members anew for one, or copy them. Immutable.
 */
export class IndexText {
  /** All of it, in order. */
  readonly pieces: readonly Buffer[];
  /** Bytes of all pieces. */
  readonly size: number;

  /** @param parts - The members of each part, a comma before every one, in pieces of whole members. */
  private constructor(
    heads: IndexHeads,
    private readonly parts: IndexParts<readonly Buffer[]>,
  ) {
    const before: IndexParts<string> = {
      packages: `{${heads.index},"packages":{`,
      garbage: '},"garbage":[',
      records: `],"releases":{${heads.releases},"records":{`,
      packagesInFolders: '},"packages":{',
      garbageOfFolders: '},"garbage":[',
    };
    const order = Object.keys(before) as (keyof IndexParts<string>)[];
    this.pieces = [
      ...order.flatMap((part) => [Buffer.from(before[part]), ...withoutFirstComma(parts[part])]),
      Buffer.from(']}}'),
    ];
    this.size = sizeOf(this.pieces);
  }

  static of(heads: IndexHeads, parts: IndexParts<readonly string[]>): IndexText {
    return new IndexText(
      heads,
      mapParts(parts, (members) => withMembers([], members)),
    );
  }

  /**
   * With some members of each part changed, or with the given ones in their place; undefined where to write it anew is
   * cheaper.
   */
  with(heads: IndexHeads, changes: IndexParts<MemberChanges | readonly string[]>): IndexText | undefined {
    const left = mapParts(changes, (one, part) =>
      'come' in one ? withoutMembers(this.parts[part], one.gone) : [],
    );
    if (Object.values(left).includes(undefined)) return undefined;
    return new IndexText(
      heads,
      mapParts(changes, (one, part) => withMembers(left[part] ?? [], 'come' in one ? one.come : one)),
    );
  }
}

/** In the order in which they are written. */
function mapParts<T, R>(
  { packages, garbage, records, packagesInFolders, garbageOfFolders }: IndexParts<T>,
  made: (of: T, part: keyof IndexParts<T>) => R,
): IndexParts<R> {
  return {
    packages: made(packages, 'packages'),
    garbage: made(garbage, 'garbage'),
    records: made(records, 'records'),
    packagesInFolders: made(packagesInFolders, 'packagesInFolders'),
    garbageOfFolders: made(garbageOfFolders, 'garbageOfFolders'),
  };
}

function withoutMembers(pieces: readonly Buffer[], gone: readonly string[]): Buffer[] | undefined {
  const left = [...pieces];
  let most = MOST_PASSES * sizeOf(pieces);
  for (const member of gone) {
    const { at, before, after } = placeOf(member, left);
    most -= sizeOf(left.slice(0, at + 1));
    if (most < 0) return undefined;
    left[at] = Buffer.concat([before, after]);
  }
  return gone.length === 0 ? left : merged(left);
}

/** With small neighbours in one piece, so that there are few however much leaves. */
function merged(pieces: readonly Buffer[]): Buffer[] {
  const all: Buffer[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (last !== undefined && last.length + piece.length < PIECE_BYTES) {
      all.splice(-1, 1, Buffer.concat([last, piece]));
    } else if (piece.length > 0) all.push(piece);
  }
  return all;
}

/** Fills the last piece before it begins another. */
function withMembers(pieces: readonly Buffer[], come: readonly string[]): Buffer[] {
  const all = [...pieces];
  if (come.length === 0) return all;
  let text = (all.at(-1)?.length ?? PIECE_BYTES) < PIECE_BYTES ? String(all.pop()) : '';
  for (const member of come) {
    text += `,${member}`;
    if (text.length < PIECE_BYTES) continue;
    all.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') all.push(Buffer.from(text));
  return all;
}

function sizeOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

function withoutFirstComma(pieces: readonly Buffer[]): Buffer[] {
  return pieces.map((piece, at) => (at === 0 ? piece.subarray(1) : piece));
}

/** Which piece it is in, and what that has beside it. */
function placeOf(member: string, pieces: readonly Buffer[]): { at: number; before: Buffer; after: Buffer } {
  const text = Buffer.from(`,${member}`);
  for (const [at, piece] of pieces.entries()) {
    const start = piece.indexOf(text);
    if (start < 0) continue;
    return { at, before: piece.subarray(0, start), after: piece.subarray(start + text.length) };
  }
  throw new Error(`unreachable: ${member} is no member`);
}
