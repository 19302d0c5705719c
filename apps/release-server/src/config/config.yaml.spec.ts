import { YamlError, YamlText } from './config.yaml.js';

describe('a YAML text', () => {
  const yaml = new YamlText(
    [
      '# what comes',
      'tokens:',
      '  - name: a',
      '    scopes: [read, write]',
      '  -',
      '    name: "b"',
      '  - { name: c,',
      '      "scopes": [',
      '        read ] }',
      'retention:',
      '  max_age: |',
      '    90d',
      '  ? quoted',
      '  : &anchor 1',
      'other: !!str x',
      'same: *anchor',
      '',
    ].join('\r\n'),
  );

  it.each<[number, (string | number)[]]>([
    [2, ['tokens']],
    [3, ['tokens', 0]],
    [3, ['tokens', 0, 'name']],
    [4, ['tokens', 0, 'scopes', 1]],
    [6, ['tokens', 1]],
    [6, ['tokens', 1, 'name']],
    [7, ['tokens', 2, 'name']],
    [8, ['tokens', 2, 'scopes']],
    [9, ['tokens', 2, 'scopes', 0]],
    [10, ['retention']],
    [11, ['retention', 'max_age']],
    [13, ['retention', 'quoted']],
    [15, ['other']],
    [16, ['same']],
  ])('has on line %d what %j leads to', (line, path) => {
    expect(yaml.lineOf(path)).toBe(line);
  });

  it.each<[number | undefined, (string | number)[]]>([
    [3, ['tokens', 0, 'expires']],
    [4, ['tokens', 0, 'scopes', 7]],
    [2, ['tokens', 9, 'name']],
    [undefined, ['webhooks', 0]],
    [undefined, []],
  ])('tells line %j of what is missing, which is that around it, as of %j', (line, path) => {
    expect(yaml.lineOf(path)).toBe(line);
  });

  it('has the lines of a file that begins with a byte order mark', () => {
    expect(new YamlText('\ufeffa: 1\nb: 2\n').lineOf(['b'])).toBe(2);
  });

  it.each<[string, number, (string | number)[], string]>([
    ['a: 1\nb:\n  - x: 1\n    x: 2\n', 4, ['b', 0, 'x'], 'duplicated mapping key'],
    ['a: 1\nb:\n  c: {x: 1, "x": 2}\n', 3, ['b', 'c', 'x'], 'duplicated mapping key'],
    [
      'a:\n  - x\n  - *y\n',
      3,
      ['a', 1],
      'unidentified alias … (a value that begins with * or & has to stand in quotes)',
    ],
    ['a: 1\nb: [\n', 3, [''], 'deficient indentation'],
    ['a: 1\nb: x: y\n', 2, ['b'], 'bad indentation of a mapping entry'],
  ])('that is wrong, %j, is refused with line %d and path %j', (text, line, path, reason) => {
    const read = (): unknown => new YamlText(text);
    expect(read).toThrow(YamlError);
    expect(read).toThrow(expect.objectContaining({ line, path, message: reason }));
  });
});
