import { readFileSync } from 'node:fs';

import { closest, distance } from 'fastest-levenshtein';
import { CORE_SCHEMA, load, loadAll, YAMLException } from 'js-yaml';

import { ConfigError } from './config.error.js';
import { CONFIG_KEYS, serverConfigSchema, type configSchema } from './config.schema.js';
import { Config } from './config.js';

const DEFAULT_PATH = '/etc/release-server/config.yaml';
const YAML = { schema: CORE_SCHEMA, maxAliases: 10, maxDepth: 10 };
/** Keys whose values are taken from the environment as they stand, and not read as YAML. */
const TEXT_KEYS = new Set([
  'host',
  'public_url',
  'storage_path',
  'auth_token',
  'auth_token_file',
  's3.bucket',
  's3.prefix',
  's3.region',
  's3.endpoint',
  's3.access_key_id',
  's3.access_key_id_file',
  's3.secret_access_key',
  's3.secret_access_key_file',
  's3.spool_path',
]);

/** Keys whose values may be texts with commas between. */
const LIST_KEYS = new Set(['allowed_hosts']);

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the YAML file at `CONFIG_PATH` (or the default path, which may be missing), puts environment
 * variables above it, each the key in capitals (`S3_BUCKET` for `s3.bucket`), and checks the whole. An empty variable
 * counts as not set. Commands give the schema that asks for no token.
 * Throws {@link ConfigError}.
 */
export function loadConfig(
  environment: Environment,
  schema: typeof configSchema = serverConfigSchema,
): Config {
  const given = environment['CONFIG_PATH'] ?? '';
  const path = given === '' ? DEFAULT_PATH : given;
  const found = readConfigFile(path, given !== '');
  const text = found ?? '';
  const fromFile = tidied(parseYaml(path, text));
  const fromEnvironment = readEnvironment(environment, fromFile);
  const result = schema.safeParse(merge(fromFile, fromEnvironment));
  const where = (key: string, item?: number): string => {
    if (Object.hasOwn(fromEnvironment, key)) return `environment variable ${variableOf(key)}`;
    if (found === undefined) return `${path} (no such file)`;
    const line = lineOf(text, key, item);
    return line === undefined ? path : `${path}:${line}`;
  };
  if (result.success) {
    const isGiven = (key: string): boolean =>
      Object.hasOwn(fromFile, key) || Object.hasOwn(fromEnvironment, key);
    return new Config(result.data, (key) => (isGiven(key) ? where(key) : 'default value'));
  }
  const problems = result.error.issues.flatMap((issue) => {
    const key = issue.path.filter((step) => typeof step !== 'number').join('.');
    if (issue.code === 'unrecognized_keys') {
      return issue.keys
        .map((unknown) => [...issue.path, unknown].join('.'))
        .map((unknown) => `${where(unknown)}: ${printable(unknown)}: unknown key${hint(unknown)}`);
    }
    const item = issue.path.find((step) => typeof step === 'number');
    return [`${where(key, item)}: ${key}${item === undefined ? '' : `[${item}]`}: ${issue.message}`];
  });
  throw new ConfigError(problems.join('; '));
}

/** Without a result where there is no file, and none is required. */
function readConfigFile(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    throw new ConfigError(`${path}: the configuration file cannot be read: ${message}`);
  }
}

function parseYaml(path: string, text: string): Record<string, unknown> {
  let documents: unknown[];
  try {
    documents = loadAll(text, { ...YAML, filename: path });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? undefined : error.mark.line + 1;
    // A word that is no key may be what somebody meant to be a secret.
    const key = CONFIG_KEYS.find((known) => known === keyAt(text, line));
    const where = line === undefined ? path : `${path}:${line}`;
    throw new ConfigError(`${where}: ${key === undefined ? '' : `${key}: `}${withoutValues(error.reason)}`);
  }
  const [document = {}] = documents;
  if (documents.length > 1)
    throw new ConfigError(`${path}: expected one YAML document, found ${documents.length}`);
  if (document === null) return {};
  if (typeof document !== 'object' || Array.isArray(document)) {
    throw new ConfigError(`${path}: expected a mapping of keys to values`);
  }
  return Object.assign(Object.create(null) as Record<string, unknown>, document);
}

/** js-yaml quotes aliases and tags in its reasons, which may be what somebody meant to be a secret. */
function withoutValues(reason: string): string {
  const advice = reason.includes('alias') ? ' (a value that begins with * or & has to stand in quotes)' : '';
  return `${reason.replace(/"[^"]*"|!<.*/gs, '…')}${advice}`;
}

/**
 * Values as they are meant: without the line break that a block or a Secret leaves at the end, and a number or a truth
 * value that is quoted, as templates write them, read like a variable of the environment.
 */
function tidied(values: Record<string, unknown>, section = ''): Record<string, unknown> {
  const tidy = Object.entries(values).map(([key, value]): [string, unknown] => {
    const path = `${section}${key}`;
    if (section === '' && key === 's3' && isMapping(value)) return [key, tidied(value, 's3.')];
    if (typeof value !== 'string') return [key, value];
    const text = value.trim();
    return [key, text === '' ? text : read(path, text)];
  });
  return Object.assign(Object.create(null) as Record<string, unknown>, Object.fromEntries(tidy));
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Values by their keys. What is for a driver that is not used may be meant for another program. */
function readEnvironment(environment: Environment, file: Record<string, unknown>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const driver = environment['STORAGE_DRIVER'] || file['storage_driver'];
  for (const key of CONFIG_KEYS.filter((one) => driver === 's3' || !one.startsWith('s3.'))) {
    const text = environment[variableOf(key)]?.trim();
    if (text === undefined || text === '') continue;
    values[key] = read(key, text);
  }
  return values;
}

/** Values by their keys, those of a section as `section.key`, above what the file has. */
function merge(file: Record<string, unknown>, above: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...file };
  for (const [key, value] of Object.entries(above)) {
    const [section = '', inner] = key.split('.');
    if (inner === undefined) {
      merged[key] = value;
    } else {
      const known = merged[section];
      merged[section] = { ...(typeof known === 'object' ? known : {}), [inner]: value };
    }
  }
  return merged;
}

function variableOf(key: string): string {
  return key.toUpperCase().replace('.', '_');
}

/** What a text means as the value of a key. */
function read(key: string, text: string): unknown {
  if (TEXT_KEYS.has(key)) return text;
  return LIST_KEYS.has(key) ? readList(text) : readScalar(text);
}

function readScalar(text: string): unknown {
  try {
    return load(text, YAML);
  } catch {
    return text;
  }
}

/** A list as YAML has it, or texts with commas between. */
function readList(text: string): unknown {
  const value = readScalar(text);
  if (typeof value === 'object') return value;
  const items = text.split(',').map((item) => item.trim());
  return items.filter((item) => item !== '');
}

function printable(key: string): string {
  return /^[\w.-]+$/.test(key) ? key : JSON.stringify(key);
}

function hint(key: string): string {
  const nearest = closest(key.toLowerCase(), CONFIG_KEYS);
  const isNear = distance(key.toLowerCase(), nearest) <= Math.max(2, Math.floor(nearest.length / 2));
  if (isNear) return `, did you mean ${nearest}?`;
  const [section = '', inner] = key.split('.');
  const valid = CONFIG_KEYS.map((known) => known.split('.')).flatMap(([first = '', second = '']) =>
    inner === undefined ? first : first === section ? second : [],
  );
  return `, the valid keys are ${[...new Set(valid)].join(', ')}`;
}

/**
 * The line, from 1, on which a key stands, that of a section below its section; else the section's. Of an item of a
 * list its own line, where it has one.
 */
function lineOf(text: string, key: string, item?: number): number | undefined {
  const [section = '', inner] = key.split('.');
  const lines = text.split('\n');
  const start = lines.findIndex((_, line) => keyAt(text, line + 1) === section);
  if (start < 0) return undefined;
  const below =
    inner === undefined ? -1 : lines.slice(start + 1).findIndex((line) => innerKey(line) === inner);
  const line = start + 2 + below;
  return item === undefined ? line : (lineOfItem(lines, line, item) ?? line);
}

/** @param start - of the line, from 0, below the list's key. */
function lineOfItem(lines: readonly string[], start: number, item: number): number | undefined {
  let left = item;
  for (let line = start; /^\s*(?:-\s|-$|#|$)/.test(lines[line] ?? 'none'); line++) {
    if (/^\s*-/.test(lines[line] ?? '') && left-- === 0) return line + 1;
  }
  return undefined;
}

function innerKey(line: string): string | undefined {
  return /^\s+["']?([A-Za-z_][\w.-]*)["']?\s*:/.exec(line)?.[1];
}

function keyAt(text: string, line: number | undefined): string | undefined {
  if (line === undefined) return undefined;
  return /^["']?([A-Za-z_][\w.-]*)["']?\s*:/.exec(text.split('\n')[line - 1] ?? '')?.[1];
}
