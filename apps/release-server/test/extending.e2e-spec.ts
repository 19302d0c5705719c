import { readdirSync, readFileSync } from 'node:fs';

const DIRECTORY = 'examples/extended-server/';

/** The parts of docs/extending.md that are code of a file: its name stands behind the language. */
const shown = [
  ...readFileSync('docs/extending.md', 'utf8').matchAll(/^```\w+ (?<file>\S+)\n(?<code>.*?)^```$/gms),
].map(({ groups = {} }) => ({ file: groups['file'] ?? '', code: groups['code'] ?? '' }));

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
});
