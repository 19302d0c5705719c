import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { load } from 'js-yaml';

const DIRECTORY = fileURLToPath(new URL('.', import.meta.url));

/** One place in the product's sources, and what stands there in the mutant. */
export interface Change {
  readonly file: string;
  readonly replace: string;
  readonly by: string;
}

/** One way to break the product, kept in a list beside this file. */
export interface Mutant {
  readonly id: string;
  /** The row of the table of faults that has to fail with it. */
  readonly row: string;
  readonly why: string;
  /** A pattern of what the row has to say, so that it does not fail for another reason. */
  readonly says: string;
  readonly changes: readonly Change[];
}

export function loadMutants(): Mutant[] {
  const lists = readdirSync(DIRECTORY).filter((name) => name.endsWith('.yaml'));
  return lists.toSorted().flatMap((name) => load(readFileSync(DIRECTORY + name, 'utf8')) as Mutant[]);
}

/** A source with one change made to it. Throws where the text to replace does not stand there exactly once. */
export function mutate({ file, replace, by }: Change, source: string): string {
  const parts = source.split(replace);
  if (parts.length !== 2) {
    throw new Error(`${file}: expected once, found ${parts.length - 1} times: ${replace}`);
  }
  return parts.join(by);
}
