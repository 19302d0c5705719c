import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = 'examples/extended-server/';

const guide = readFileSync('docs/extending.md', 'utf8');

/** The parts of docs/extending.md that are code of a file: its name stands behind the language. */
const shown = [...guide.matchAll(/^```\w+ (?<file>\S+)\n(?<code>.*?)^```$/gms)].map(({ groups = {} }) => ({
  file: groups['file'] ?? '',
  code: groups['code'] ?? '',
}));

describe('docs/extending.md', () => {
  it.each(shown)('shows $file as it is', ({ file, code }) => {
    expect(readFileSync(file, 'utf8')).toContain(code);
  });

  it('shows something of every file of the example', () => {
    const sources = readdirSync(DIRECTORY).filter(
      (name) => !/spec\.ts$|^(package|tsconfig)\.json$|\.env$/.test(name),
    );
    const files = shown.map(({ file }) => file);

    expect(files).toEqual(expect.arrayContaining(sources.map((name) => `${DIRECTORY}${name}`)));
  });

  it.each([
    ['release-server', 'apps/release-server/src/index.ts'],
    ['release-server/testing', 'libs/storage/src/testing/index.ts'],
  ])('lists what %s exports, and nothing else', (name, index) => {
    const exported = [
      ...readFileSync(index, 'utf8').matchAll(/^export (?:type )?\{([^}]+)\} from/gm),
    ].flatMap(([, clause = '']) => clause.split(',').map((one) => one.replace(/^\s*type /, '').trim()));
    const [, list = ''] = guide.split('\n## What can be imported\n');
    const [, table = '', testing = ''] = /^(.*)\n(`release-server\/testing` .*?)\. /ms.exec(list) ?? [];
    const listed = name === 'release-server' ? firstColumn(table) : testing.replace(`\`${name}\``, '');

    const names = [...listed.matchAll(/`(\w+)`/g)].map(([, one]) => one);
    expect(new Set(names)).toEqual(new Set(exported.filter(Boolean)));
  });
});

function firstColumn(table: string): string {
  return [...table.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell).join();
}
