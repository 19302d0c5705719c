import { readFileSync } from 'node:fs';

/** A fenced block of a Markdown file. */
export interface Block {
  /** What stands behind the opening fence, such as `sh run`. */
  readonly info: string;
  readonly text: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  /** Line of the closing one. */
  readonly end: number;
}

/** A Markdown file as far as tests hold it against the product. */
export class Markdown {
  private readonly lines: readonly string[];
  readonly blocks: readonly Block[];

  constructor(readonly path: string) {
    this.lines = readFileSync(path, 'utf8').split('\n');
    this.blocks = blocksOf(this.lines);
  }

  /** The tables whose first column has this heading: their rows, as cells by heading. */
  tables(heading: string): Record<string, string>[][] {
    return this.lines.flatMap((line, start) => {
      const headings = cellsOf(line);
      if (headings[0] !== heading) return [];
      const end = this.lines.findIndex((below, at) => at > start && !below.startsWith('|'));
      const rows = this.lines.slice(start + 2, end).map(cellsOf);
      return [rows.map((cells) => Object.fromEntries(headings.map((name, at) => [name, cells[at] ?? ''])))];
    });
  }

  /** Where its links lead, images among them. */
  links(): string[] {
    return this.prose()
      .flatMap((line) => [...line.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)])
      .map(([, target = '']) => target);
  }

  /** What a link can name behind `#`, as GitHub makes it of the headings. */
  anchors(): Set<string> {
    const anchors = new Set<string>();
    for (const line of this.prose()) {
      const title = /^#{1,6} (.*)$/.exec(line)?.[1];
      if (title === undefined) continue;
      const text = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = text.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-');
      let anchor = slug;
      for (let number = 1; anchors.has(anchor); number++) anchor = `${slug}-${number}`;
      anchors.add(anchor);
    }
    return anchors;
  }

  /** The lines outside of fenced blocks. */
  private prose(): string[] {
    return this.lines.filter(
      (_, at) => !this.blocks.some(({ line, end }) => line <= at + 1 && at + 1 <= end),
    );
  }
}

/** The words in backticks. */
export function codesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length; at++) {
    const [, indent = '', info] = /^( *)```(.+)$/.exec(lines[at] ?? '') ?? [];
    if (info === undefined) continue;
    const end = lines.findIndex((line, below) => below > at && line === `${indent}\`\`\``);
    const text = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ info, text: text.join('\n'), line: at + 1, end: end + 1 });
    at = end;
  }
  return blocks;
}

/** None of a line that is no row. */
function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
