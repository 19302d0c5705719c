import type { z } from 'zod';

import { isSettable, keysOf, variableOf, type ConfigKey, type Section } from './config.keys.js';
import { readText } from './config.text.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** This process's, which is read nowhere else. */
export const processEnvironment: Environment = process.env;

/** Whether npm runs this process, which says so to what it runs. */
export function isRunByNpm(): boolean {
  return processEnvironment['npm_lifecycle_event'] !== undefined;
}

/** A variable that sets a key. */
export interface Variable {
  readonly name: string;
  readonly path: readonly string[];
  readonly value: unknown;
}

/** What the environment sets, given what the file has. An empty variable counts as not set. */
export function readEnvironment(
  environment: Environment,
  schema: Section,
  file: Readonly<Record<string, unknown>>,
): Variable[] {
  const read = (path: readonly string[], own: z.ZodType): Variable[] => {
    const name = variableOf(path);
    const text = environment[name]?.trim() ?? '';
    return text === '' ? [] : [{ name, path, value: readText(text, own) }];
  };
  /** The variables of a section that is not used may be meant for another program. */
  const isUsed = ({ path: [top = ''] }: ConfigKey): boolean => {
    const { onlyWith = {} } = schema.shape[top]?.meta() ?? {};
    return Object.entries(onlyWith).every(([key, value]) => {
      const deciding = schema.shape[key];
      return deciding?.safeParse(read([key], deciding)[0]?.value ?? file[key]).data === value;
    });
  };
  return keysOf(schema)
    .filter((key) => isSettable(key) && isUsed(key))
    .flatMap(({ path, schema: own }) => read(path, own));
}
