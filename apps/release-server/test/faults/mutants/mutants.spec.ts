import ts from 'typescript';

import { Markdown } from '../../support/markdown.js';
import { loadMutants, Sources } from './mutants.js';

const mutants = loadMutants();
const sources = new Sources();

it('has each mutant once', () => {
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
});

it.each(mutants)('can still make the mutant $id', (mutant) => {
  expect([mutant.says, mutant.row, mutant.why].every((text) => text.length > 0)).toBe(true);
  const changed = sources.mutate(mutant);
  expect(changed.size).toBeGreaterThan(0);
  for (const [fileName, source] of changed) {
    const { diagnostics = [] } = ts.transpileModule(source, { fileName, reportDiagnostics: true });
    expect(diagnostics.map(({ messageText }) => messageText)).toEqual([]);
  }
});

it('has as many of each row as docs/reliability.md says', () => {
  const rows = new Markdown('docs/reliability.md').tables('row').flat();
  const told = rows.filter(({ mutants: count }) => count !== undefined);
  const counted = told.map(({ row }) => mutants.filter((mutant) => mutant.row === row).length);
  expect(told.map(({ row, mutants: count }) => `${row}: ${count}`)).toEqual(
    told.map(({ row }, at) => `${row}: ${counted[at] || '–'}`),
  );
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(mutants.length);
});

it('names the mutant that no longer fits', () => {
  const mutate = (symbol: string, text: string) => () =>
    sources.mutate({ id: 'old', changes: { [symbol]: { [text]: '' } } });
  expect(mutate('Gone.member', 'text')).toThrow('Mutant old: there is no Gone.member in the sources.');
  expect(mutate('AttemptLimiter', 'no such text')).toThrow(
    /Mutant old: .* has 0 times, not once: no such text$/,
  );
  expect(mutate('AttemptLimiter', 'this')).toThrow(/Mutant old: .* has \d+ times, not once: this$/);
});
