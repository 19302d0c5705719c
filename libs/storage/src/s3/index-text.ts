const COMMA = Buffer.from(',');
const COMMA_CODE = 0x2c;

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
 * An index as it is stored. One that comes of another by changes copies the text of what stays, rather than write
 * thousands of members anew for one. Immutable.
 */
export class IndexText {
  private constructor(
    readonly bytes: Buffer,
    private readonly parts: IndexParts<Buffer>,
  ) {}

  static of(heads: IndexHeads, parts: IndexParts<readonly string[]>): IndexText {
    return IndexText.compose(
      heads,
      mapParts(parts, (members) => [Buffer.from(members.join(','))]),
    );
  }

  /** With some members of each part changed, or with the given ones in their place. */
  with(heads: IndexHeads, changes: IndexParts<MemberChanges | readonly string[]>): IndexText {
    return IndexText.compose(
      heads,
      mapParts(changes, (one, part) =>
        'come' in one ? changed(this.parts[part], one) : [Buffer.from(one.join(','))],
      ),
    );
  }

  private static compose(heads: IndexHeads, parts: IndexParts<readonly Buffer[]>): IndexText {
    const before: IndexParts<string> = {
      packages: `{${heads.index},"packages":{`,
      garbage: '},"garbage":[',
      records: `],"releases":{${heads.releases},"records":{`,
      packagesInFolders: '},"packages":{',
      garbageOfFolders: '},"garbage":[',
    };
    const order = Object.keys(before) as (keyof IndexParts<string>)[];
    const bytes = Buffer.concat([
      ...order.flatMap((part) => [Buffer.from(before[part]), ...parts[part]]),
      Buffer.from(']}}'),
    ]);
    let end = 0;
    const places = mapParts(before, (text, part) => {
      const start = end + text.length;
      end = start + lengthOf(parts[part]);
      return bytes.subarray(start, end);
    });
    return new IndexText(bytes, places);
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

/** The pieces of which the changed members are to be made, with commas. */
function changed(members: Buffer, { gone, come }: MemberChanges): Buffer[] {
  const places = gone.map((member) => placeOf(member, members)).toSorted((a, b) => a.start - b.start);
  const pieces: Buffer[] = [];
  let kept = 0;
  for (const { start, end } of places) {
    pieces.push(wholeMembers(members, kept, start));
    kept = end;
  }
  pieces.push(wholeMembers(members, kept, members.length), Buffer.from(come.join(',')));
  return pieces
    .filter(({ length }) => length > 0)
    .flatMap((piece, at) => (at === 0 ? [piece] : [COMMA, piece]));
}

function placeOf(member: string, members: Buffer): { readonly start: number; readonly end: number } {
  const text = Buffer.from(member);
  const start = members.indexOf(text);
  if (start === -1) throw new Error(`unreachable: ${member} is no member`);
  return { start, end: start + text.length };
}

/** Without the commas beside them. */
function wholeMembers(members: Buffer, start: number, end: number): Buffer {
  const first = members[start] === COMMA_CODE ? start + 1 : start;
  const last = end > first && members[end - 1] === COMMA_CODE ? end - 1 : end;
  return members.subarray(first, Math.max(first, last));
}

function lengthOf(pieces: readonly Buffer[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}
