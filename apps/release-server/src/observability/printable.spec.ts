import { printable } from './printable.js';

describe('printable', () => {
  it.each([
    ['curl/8.5.0', 'curl/8.5.0'],
    ['Zoë ✓ 日本', 'Zoë ✓ 日本'],
    ['a\r\nb\tc', 'a\\u{d}\\u{a}b\\u{9}c'],
    ['\u001b[2J', '\\u{1b}[2J'],
    ['a\u202eb', 'a\\u{202e}b'],
    ['a\u2028b\u2029c', 'a\\u{2028}b\\u{2029}c'],
    ['\u0000\u007f\u009b', '\\u{0}\\u{7f}\\u{9b}'],
    ['a\ud800', 'a\\u{d800}'],
  ])('shows %j as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('cuts what is too long, and not in the middle of a character', () => {
    expect(printable('abcdef', 3)).toBe('abc…');
    expect(printable('ab\u{1f600}', 3)).toBe('ab\\u{d83d}…');
    expect(printable('x'.repeat(1_000_000)).length).toBe(201);
  });
});
