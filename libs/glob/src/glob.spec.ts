import * as fc from 'fast-check';

import { matchesGlob } from './glob.js';

describe('a pattern of names', () => {
  it.each([
    ['v2.*', 'v2.0.0'],
    ['v2.*', 'v2.'],
    ['*', ''],
    ['*', 'anything'],
    ['', ''],
    ['**', 'a'],
    ['tool-?.zip', 'tool-1.zip'],
    ['spec-kit-template-*-v2.17.0.zip', 'spec-kit-template-claude-sh-v2.17.0.zip'],
    ['cli/*', 'cli/v1/x'],
    ['*a*b', 'aabab'],
    ['a*?', 'ab'],
    ['v1.0+(x)[y]', 'v1.0+(x)[y]'],
  ])('%j fits %j', (pattern, text) => expect(matchesGlob(pattern, text)).toBe(true));

  it.each([
    ['v2.*', 'v2'],
    ['v2.*', 'xv2.0'],
    ['v2.?', 'v2.'],
    ['v2.?', 'v2.10'],
    ['', 'a'],
    ['a', ''],
    ['v1.0', 'v1x0'],
    ['V1', 'v1'],
    ['*a*b', 'aaba'],
  ])('%j does not fit %j', (pattern, text) => expect(matchesGlob(pattern, text)).toBe(false));

  it('means what the same pattern means as an expression', () => {
    const characters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 8 });
    fc.assert(
      fc.property(
        characters,
        fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 }),
        (pattern, text) => {
          const expression = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
          return matchesGlob(pattern, text) === new RegExp(`^${expression}$`).test(text);
        },
      ),
      { numRuns: 1000 },
    );
  });

  // Mutant: every star is tried at every place, which takes for ever.
  it('takes no time that grows with the number of stars', () => {
    const start = performance.now();
    expect(matchesGlob(`${'*a'.repeat(100)}*b`, 'a'.repeat(10_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});
