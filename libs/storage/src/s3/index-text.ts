const COMMA = Buffer.from(',');
const COMMA_CODE = 0x2c;

/** What is in a part of a text, or comes into it and leaves it: members of a JSON object or array, each as its text. */
export interface MemberChanges {
  /** Each exactly as it came. */
  readonly gone: readonly string[];
  readonly come: readonly string[];
}

/**
 * An index as it is stored. One that comes of another by changes copies the text of what stays, rather than write
 * thousands of members anew for one. Immutable.
 */
export class IndexText {
  private constructor(
    readonly bytes: Buffer,
    private readonly packages: Buffer,
    private readonly garbage: Buffer,
  ) {}

  /** @param head - The members before `packages` and `garbage`, without braces. */
  static of(head: string, packages: readonly string[], garbage: readonly string[]): IndexText {
    return IndexText.compose(head, [Buffer.from(packages.join(','))], [Buffer.from(garbage.join(','))]);
  }

  with(head: string, packages: MemberChanges, garbage: MemberChanges | readonly string[]): IndexText {
    const others = 'come' in garbage ? changed(this.garbage, garbage) : [Buffer.from(garbage.join(','))];
    return IndexText.compose(head, changed(this.packages, packages), others);
  }

  private static compose(head: string, packages: readonly Buffer[], garbage: readonly Buffer[]): IndexText {
    const [before, between, after] = [`{${head},"packages":{`, '},"garbage":[', ']}'];
    const bytes = Buffer.concat([
      Buffer.from(before),
      ...packages,
      Buffer.from(between),
      ...garbage,
      Buffer.from(after),
    ]);
    const start = before.length;
    const end = start + lengthOf(packages);
    return new IndexText(
      bytes,
      bytes.subarray(start, end),
      bytes.subarray(end + between.length, bytes.length - after.length),
    );
  }
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
