import type { z } from 'zod';

import { processEnvironment, readEnvironment, type Environment } from './config.environment.js';
import { ConfigError } from './config.error.js';
import { ConfigFile, isMapping, type Values } from './config.file.js';
import { hintFor, nameOf, refusalOf, type Section } from './config.keys.js';
import { serverConfigSchema, type configSchema } from './config.schema.js';
import { Config } from './config.js';
import type { Path } from './config.yaml.js';

/** Valid values, and where each comes from in words: `environment variable PORT`, `config.yaml:3`, `default value`. */
export interface Loaded<Schema extends Section> {
  readonly values: z.output<Schema>;
  readonly sourceOf: (key: string) => string;
}

/** The configuration of this process. Commands, which answer nobody, give the schema that asks for no token. */
export function loadConfig(
  schema: typeof configSchema = serverConfigSchema,
  environment: Environment = processEnvironment,
): Config {
  const { values, sourceOf } = loadValues(schema, environment);
  return new Config(values, sourceOf);
}

/**
 * Reads the YAML file at `CONFIG_PATH` (or the default path, which may be missing), puts environment variables above it
 * and checks the whole. Throws {@link ConfigError}.
 */
export function loadValues<Schema extends Section>(schema: Schema, environment: Environment): Loaded<Schema> {
  const file = ConfigFile.read(environment['CONFIG_PATH'] ?? '', schema);
  const variables = readEnvironment(environment, schema, file.values);
  const where = (path: Path): string => {
    const above = variables.find((variable) => variable.path.every((step, index) => step === path[index]));
    return above === undefined ? file.where(path) : `environment variable ${above.name}`;
  };
  const merged = variables.reduce((values, { path, value }) => put(values, path, value), file.values);
  const result = schema.safeParse(merged);
  if (result.success) {
    const sourceOf = (key: string): string => (Object.hasOwn(merged, key) ? where([key]) : 'default value');
    return { values: result.data, sourceOf };
  }
  const problems = result.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') return problem(issue.path, issue.message);
    const unknown = issue.keys.map((key) => [...issue.path, key]);
    return unknown.map((path) =>
      problem(path, refusalOf(path, schema) ?? `unknown key${hintFor(path, schema)}`),
    );
  });
  throw new ConfigError(problems.join('; '));

  function problem(path: Path, message: string): string {
    return `${where(path)}: ${nameOf(path)}: ${message}`;
  }
}

function put(values: unknown, [step = '', ...rest]: readonly string[], value: unknown): Values {
  const known = isMapping(values) ? values : {};
  return { ...known, [step]: rest.length === 0 ? value : put(known[step], rest, value) };
}
