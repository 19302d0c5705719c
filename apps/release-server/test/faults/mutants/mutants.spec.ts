import { readFileSync } from 'node:fs';

import { loadMutants, mutate } from './mutants.js';

const mutants = loadMutants();

it('has each mutant once', () => {
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
});

it.each(mutants)('can still make the mutant $id', ({ changes, says, row, why }) => {
  expect([says, row, why].every((text) => text.length > 0)).toBe(true);
  expect(changes.length).toBeGreaterThan(0);
  for (const change of changes) {
    const source = readFileSync(change.file, 'utf8');
    expect(mutate(change, source)).not.toBe(source);
  }
});
