import { readdirSync, readFileSync } from 'node:fs';

import { jest } from '@jest/globals';
import { load } from 'js-yaml';
import { checkSync, type Diagnostics } from 'recheck';
import ts from 'typescript';

// In this process, without the checker's own programs.
process.env['RECHECK_SYNC_BACKEND'] = 'pure';

interface Pattern {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

const PRODUCT = ['apps/release-server/src', 'apps/release-server/browser', 'libs', 'examples', 'docker'];
const TESTS = /\.(?:e2e-)?spec\.ts$|\/testing\//;

/** What reads a request before us or for us. */
const LIBRARIES = [
  'accepts',
  'negotiator',
  'append-field',
  'busboy',
  'content-type',
  'encodeurl',
  'escape-html',
  'forwarded',
  'ipaddr.js',
  'media-typer',
  'mime',
  'multer',
  'parseurl',
  'proxy-addr',
  'range-parser',
  'router',
  'type-is',
];
/** Patterns of libraries that see no text of a client, or none that is long. */
const NOT_REACHED = new Map([
  ['/\\/+$/', 'router: the paths of routes, at the start'],
  ['/\\((?:\\?<(.*?)>)?(?!\\?)/g', 'router: the paths of routes, at the start'],
  [
    '/(?:[^\\x21\\x23-\\x3B\\x3D\\x3F-\\x5F\\x61-\\x7A\\x7C\\x7E]+|%+(?![0-9A-Fa-f]{2})){1,1024}/g',
    'encodeurl: the address of a redirect, which is our own',
  ],
  ['/%.+$/', 'ipaddr.js: finds its first % or nothing, as no header has a line break'],
]);

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(?:[cm]?js|tsx?)$/.test(entry.name))
    .map(({ parentPath, name }) => `${parentPath}/${name}`);
}

/** All patterns of a source. Throws where one is put together as the program runs. */
function patternsOf(file: string): Pattern[] {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true, kind);
  const patterns: Pattern[] = [];
  const visit = (node: ts.Node): void => {
    const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      patterns.push({ place, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
    }
    if (isConstruction(node) && !file.includes('node_modules')) {
      throw new Error(`${place}: write patterns as literals, so that they can be checked`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return patterns;
}

function isConstruction(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return false;
  return ts.isIdentifier(node.expression) && node.expression.text === 'RegExp';
}

/** The values of all keys `pattern` in a document. */
function patternsIn(place: string, document: unknown): Pattern[] {
  if (typeof document !== 'object' || document === null) return [];
  return Object.entries(document).flatMap(([key, value]) =>
    key === 'pattern' && typeof value === 'string'
      ? { place, source: value, flags: '' }
      : patternsIn(`${place} ${key}`, value),
  );
}

/** Of one length, or of two where something is optional: so many steps at each place of a text, whatever the text is. */
function isOfFixedLength(source: string): boolean {
  const syntax = source.replace(/\\./g, '').replace(/\[[^\]]*\]/g, '');
  return !/[*+]|\{\d+,|\)\{/.test(syntax);
}

/** By automata, whose verdict is a proof: other checkers only try. */
function verdictOn({ source, flags }: Pick<Pattern, 'source' | 'flags'>): string {
  if (isOfFixedLength(source)) return 'linear';
  const check = (one: string): Diagnostics =>
    checkSync(one, flags, { checker: 'automaton', timeout: 60_000 });
  // With any number of repetitions in the place of a bounded one there is more to try, and less to compute.
  const unbounded = source.replace(/\{\d+(?:,\d*)?\}/g, '*');
  let found = check(unbounded);
  if (found.status !== 'safe' && unbounded !== source) found = check(source);
  if (found.status === 'safe') return 'linear';
  return found.status === 'vulnerable'
    ? found.complexity.summary
    : `not known: ${JSON.stringify(found.error)}`;
}

jest.setTimeout(180_000);

describe('patterns', () => {
  const product = PRODUCT.flatMap(filesIn)
    .filter((file) => !TESTS.test(file))
    .flatMap(patternsOf);

  it('of the product are found', () => {
    expect(product.length).toBeGreaterThan(30);
  });

  it.each(product.map((pattern) => [pattern.place, pattern.source, pattern]))(
    'at %s is matched in linear time: %s',
    (_, __, pattern) => {
      expect(verdictOn(pattern)).toBe('linear');
    },
  );

  it.each(['contracts/openapi.yaml', 'charts/release-server/values.schema.json'])(
    'of %s are matched in linear time',
    (file) => {
      const patterns = patternsIn(file, load(readFileSync(file, 'utf8')));
      expect(patterns.length).toBeGreaterThan(5);
      const verdicts = patterns.map((pattern) => `${pattern.place}: ${verdictOn(pattern)}`);
      expect(verdicts.filter((verdict) => !verdict.endsWith(': linear'))).toEqual([]);
    },
  );

  it.each(LIBRARIES)('of %s are matched in linear time, or see no text of a client', (library) => {
    const patterns = filesIn(`node_modules/${library}`)
      .filter((file) => !file.includes('.min.'))
      .flatMap(patternsOf)
      .filter(({ source, flags }) => !NOT_REACHED.has(`/${source}/${flags}`));
    const verdicts = [...new Map(patterns.map((pattern) => [pattern.source, pattern])).values()].map(
      (pattern) => `${pattern.place} /${pattern.source}/: ${verdictOn(pattern)}`,
    );
    expect(verdicts.filter((verdict) => !verdict.endsWith(': linear'))).toEqual([]);
  });

  it.each([
    ['^(?:[.-]?\\d+)*$', 'exponential'],
    ['\\/+$', '2nd degree polynomial'],
    ['\\s+$', '2nd degree polynomial'],
    ['(?:\\.[a-z]+)+$', '2nd degree polynomial'],
    ['!<[^>]*>', '2nd degree polynomial'],
  ])('that backtrack are found: %s', (source, verdict) => {
    expect(verdictOn({ source, flags: '' })).toBe(verdict);
  });
});
