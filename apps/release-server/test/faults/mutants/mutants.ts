import { globSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { load } from 'js-yaml';
import ts from 'typescript';

const DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

/** The texts to replace, and what stands in their place, by the symbol in which each stands once. */
type Changes = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** One way to break the product at a race, a crash, a bound or a permission, kept in a list beside this file. */
export interface Mutant {
  readonly id: string;
  /** The row of the table of faults that has to fail with it. */
  readonly row: string;
  readonly why: string;
  /** A pattern of what the row has to say, so that it does not fail for another reason. */
  readonly says: string;
  readonly changes: Changes;
}

export function loadMutants(): Mutant[] {
  const lists = readdirSync(DIRECTORY).filter((name) => name.endsWith('.yaml'));
  return lists.toSorted().flatMap((name) => {
    const rows = load(readFileSync(DIRECTORY + name, 'utf8')) as Record<string, Record<string, Mutant>>;
    return Object.entries(rows).flatMap(([row, mutants]) =>
      Object.entries(mutants).map(([id, mutant]) => ({ ...mutant, id, row })),
    );
  });
}

/**
 * The product's sources, in which a symbol is a declaration of a module (`isHost`, `MAX_BYTES`, `Pipeline`) or a member
 * of its classes (`Pipeline.next`), wherever its file lies.
 */
export class Sources {
  private readonly texts = new Map<string, string>();
  private readonly files = new Map<string, Set<string>>();

  constructor() {
    for (const path of globSync('{apps,libs}/*/src/**/*.{ts,tsx}')) {
      if (/\.spec\.|\/testing\//.test(path)) continue;
      const text = readFileSync(path, 'utf8');
      this.texts.set(path, text);
      for (const { symbol } of declarations(path, text)) {
        this.files.set(symbol, (this.files.get(symbol) ?? new Set()).add(path));
      }
    }
  }

  /** The sources that the mutant changes, by their paths. */
  mutate({ id, changes }: Pick<Mutant, 'id' | 'changes'>): Map<string, string> {
    const changed = new Map<string, string>();
    for (const [symbol, replacements] of Object.entries(changes)) {
      for (const [text, by] of Object.entries(replacements)) {
        const [path, source] = this.replace(id, symbol, text, by, changed);
        changed.set(path, source);
      }
    }
    return changed;
  }

  private replace(
    id: string,
    symbol: string,
    text: string,
    by: string,
    changed: ReadonlyMap<string, string>,
  ): [path: string, source: string] {
    const paths = [...(this.files.get(symbol) ?? [])];
    if (paths.length === 0) throw new Error(`Mutant ${id}: there is no ${symbol} in the sources.`);
    const found = paths.flatMap((path) => {
      const source = changed.get(path) ?? this.texts.get(path) ?? '';
      return declarations(path, source)
        .filter((declaration) => declaration.symbol === symbol)
        .map(({ start, end }) => {
          const parts = source.slice(start, end).split(text);
          const mutant = source.slice(0, start) + parts.join(by) + source.slice(end);
          return { path, mutant, times: parts.length - 1 };
        })
        .filter(({ times }) => times > 0);
    });
    const [only] = found;
    const times = found.reduce((sum, one) => sum + one.times, 0);
    if (only === undefined || times > 1) {
      throw new Error(`Mutant ${id}: ${symbol} in ${paths.join(', ')} has ${times} times, not once: ${text}`);
    }
    return [only.path, only.mutant];
  }
}

interface Declaration {
  readonly symbol: string;
  readonly start: number;
  readonly end: number;
}

function declarations(path: string, text: string): Declaration[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const declaration = (symbol: string, node: ts.Node): Declaration => ({
    symbol,
    start: node.getStart(file),
    end: node.getEnd(),
  });
  return file.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) =>
        declaration(name.getText(file), statement),
      );
    }
    if (ts.isFunctionDeclaration(statement)) return declaration(statement.name?.text ?? 'default', statement);
    if (!ts.isClassDeclaration(statement)) return [];
    const name = statement.name?.text ?? 'default';
    return [
      declaration(name, statement),
      ...statement.members.map((member) =>
        declaration(`${name}.${member.name?.getText(file) ?? 'constructor'}`, member),
      ),
    ];
  });
}
