import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { load } from 'js-yaml';

import { keysOf } from '../src/config/config.keys.js';
import { configSchema } from '../src/config/config.schema.js';
import { PROBLEMS } from '../src/problems/problem-codes.js';
import { codesIn, Markdown } from './support/markdown.js';

const FILES = globSync(['*.md', 'docs/**/*.md', 'charts/*/README.md']).toSorted();
const SOURCES = globSync(['apps/*/src/**/*.ts', 'libs/*/src/**/*.ts']);
const STATUSES = Object.entries(PROBLEMS).map(([code, { status }]) => [code, String(status)]);

/** Whether a path of the tree is there, and the heading behind its `#`, too. */
function resolves(target: string): boolean {
  const [path = '', anchor] = target.split('#');
  return existsSync(path) && (anchor === undefined || new Markdown(path).anchors().has(anchor));
}

describe('the documentation', () => {
  it.each(FILES)('has no link in %s that leads nowhere', (path) => {
    const targets = new Markdown(path)
      .links()
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => (link.startsWith('#') ? `${path}${link}` : join(dirname(path), link)));
    expect(targets.filter((target) => !resolves(target))).toEqual([]);
  });

  it('has the sections to which messages send', () => {
    const mentions = SOURCES.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/"([^"\n]+)" in (docs\/[\w.-]+\.md)/g)].map(
        ([, title = '', file = '']) => `${file}#${title.toLowerCase().replaceAll(' ', '-')}`,
      ),
    );
    expect(mentions.length).toBeGreaterThan(0);
    expect(mentions.filter((target) => !resolves(target))).toEqual([]);
  });

  it('lists every chapter in docs/README.md', () => {
    const listed = new Markdown('docs/README.md').links().map((link) => join('docs', link));
    const chapters = globSync('docs/*.md').filter((path) => path !== 'docs/README.md');
    expect(chapters.filter((path) => !listed.includes(path))).toEqual([]);
  });
});

/** What the keys of each table belong to. */
const SECTIONS = ['', 'tls.', 'retention.', 'tokens.*.', 'identities.*.', 's3.'];

describe('the configuration in README.md', () => {
  const schemas = new Map(
    keysOf(configSchema)
      .filter(({ isSection }) => !isSection)
      .map(({ path, schema }) => [path.join('.'), schema]),
  );
  const rows = new Markdown('README.md')
    .tables('key')
    .flatMap((table, at) =>
      table.flatMap(({ key = '', default: value = '' }) =>
        codesIn(key).map((name) => ({ key: `${SECTIONS[at]}${name}`, shown: codesIn(value)[0] })),
      ),
    );

  it('has every key, and no other', () => {
    expect(rows.map(({ key }) => key).toSorted()).toEqual([...schemas.keys()].toSorted());
  });

  it.each(rows)('has the default of $key', ({ key, shown }) => {
    const read = (value: unknown): unknown => schemas.get(key)?.safeParse(value).data ?? '';
    expect(read(shown === undefined ? '' : load(shown))).toEqual(read(undefined));
  });
});

describe('the codes of errors', () => {
  it('are the only ones by which scripts decide', () => {
    const codes = globSync('scripts/*.sh').flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\(member code\)" = (\w+)/g)].map(([, code = '']) => code),
    );
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !(code in PROBLEMS))).toEqual([]);
  });

  const rowsOf = (path: string): Record<string, string>[] => new Markdown(path).tables('code').flat();

  it('are all in docs/troubleshooting.md, with what to do, and no other', () => {
    const rows = rowsOf('docs/troubleshooting.md');
    expect(rows.map(({ code = '' }) => /^`(\w+)` \((\d+)\)$/.exec(code)?.slice(1))).toEqual(STATUSES);
    expect(rows.filter((row) => Object.values(row).includes(''))).toEqual([]);
  });

  it('are all in docs/http.md, with their status, and no other', () => {
    const rows = rowsOf('docs/http.md');
    expect(rows.map(({ code = '', status = '' }) => [codesIn(code)[0], status])).toEqual(STATUSES);
    expect(rows.filter((row) => Object.values(row).includes(''))).toEqual([]);
  });
});
