import { isFileName, PACKAGE_NAME_RULE } from './package-name.js';

describe('the name of a file', () => {
  it.each([
    'a',
    '7',
    'tool-v1.2.3-linux-x64.tar.gz',
    'A.b_c+d@e~f-1',
    'a..b',
    'constructor',
    'CON',
    'a'.repeat(200),
  ])('may be %s', (name) => {
    expect(isFileName(name)).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['two dots', '..'],
    ['hidden', '.env'],
    ['the directory of the store', '.release-server'],
    ['one that ends with a dot', 'a.'],
    ['a path', 'a/b'],
    ['an absolute path', '/etc/passwd'],
    ['a way out', '../a'],
    ['a Windows path', 'a\\b'],
    ['one that begins with a dash, like an option', '-rf'],
    ['one that begins with a tilde, like a home', '~root'],
    ['a dunder, which begins with an underscore', '__proto__'],
    ['one with a NUL', 'a\0'],
    ['one with a line break', 'a\r\nb'],
    ['one that ends with a line break', 'a\n'],
    ['one with a tab', 'a\tb'],
    ['one with a space', 'a b'],
    ['one with a percent sign', 'a%2fb'],
    ['one with a query', 'a?b'],
    ['one with a quote', 'a"b'],
    ['markup', '<img src=x>'],
    ['one with a letter beyond ASCII', 'ä.zip'],
    ['one with an override of the writing direction', 'a\u202Egpj.zip'],
    ['an emoji', '📦'],
    ['a digit beyond ASCII', '٣.zip'],
    ['one of 201 characters', 'a'.repeat(201)],
  ])('may not be %s', (_, name) => {
    expect(isFileName(name)).toBe(false);
  });

  it('has a rule in words, of one line', () => {
    expect(PACKAGE_NAME_RULE).toMatch(/^a package name has 1 to 200 characters [^\n]+$/);
  });
});
