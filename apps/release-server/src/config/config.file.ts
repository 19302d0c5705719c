import { readFileSync } from 'node:fs';

import type { z } from 'zod';

import { ConfigError } from './config.error.js';
import { inside, nameOf, sectionIn, itemIn, type Section } from './config.keys.js';
import { readText } from './config.text.js';
import { YamlError, YamlText, type Path } from './config.yaml.js';

const DEFAULT_PATH = '/etc/release-server/config.yaml';

export type Values = Readonly<Record<string, unknown>>;

/** The configuration file: its values, and where each stands. */
export class ConfigFile {
  private constructor(
    readonly values: Values,
    /** Where the value of a key stands, or would: `config.yaml:3`. */
    readonly where: (path: Path) => string,
  ) {}

  /** @param given - the path of a file that has to be there; empty for the default path, where none need be */
  static read(given: string, schema: Section): ConfigFile {
    const path = given === '' ? DEFAULT_PATH : given;
    const text = textOf(path, given !== '');
    if (text === undefined) return new ConfigFile({}, () => `${path} (no such file)`);
    const yaml = parse(path, text, schema);
    const [document] = yaml.documents;
    if (yaml.documents.length > 1)
      throw new ConfigError(`${path}: expected one YAML document, found ${yaml.documents.length}`);
    const values = document ?? {};
    if (!isMapping(values)) throw new ConfigError(`${path}: expected a mapping of keys to values`);
    return new ConfigFile(tidied(values, schema) as Values, (key) => placeOf(path, yaml.lineOf(key)));
  }
}

export function isMapping(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without a result where there is no file, and none is required. */
function textOf(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && !required) return undefined;
    throw new ConfigError(`${path}: the configuration file cannot be read: ${message}`);
  }
}

function parse(path: string, text: string, schema: Section): YamlText {
  try {
    return new YamlText(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const key = nameOf(knownPart(error.path, schema));
    throw new ConfigError(`${placeOf(path, error.line)}: ${key === '' ? '' : `${key}: `}${error.message}`);
  }
}

/** A word that is no key may be what somebody meant to be a secret. */
function knownPart([step, ...rest]: Path, schema: z.ZodType): Path {
  const next = step === undefined ? undefined : inside(schema, step);
  // An item of a list of plain values is no key.
  const isKey = next !== undefined && (typeof step === 'string' || sectionIn(next) !== undefined);
  return isKey && step !== undefined ? [step, ...knownPart(rest, next)] : [];
}

function placeOf(path: string, line: number | undefined): string {
  return line === undefined ? path : `${path}:${line}`;
}

/**
 * Values as they are meant: without the line break that a block or a Secret leaves at the end, and a number or a truth
 * value that is quoted, as templates write them, read like a variable of the environment.
 */
function tidied(value: unknown, schema: z.ZodType | undefined): unknown {
  if (schema === undefined) return value;
  if (typeof value === 'string') {
    const text = value.trim();
    return text === '' ? text : readText(text, schema);
  }
  if (Array.isArray(value) && itemIn(schema) !== undefined)
    return value.map((item, index) => tidied(item, inside(schema, index)));
  if (!isMapping(value) || sectionIn(schema) === undefined) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, tidied(one, inside(schema, key))]);
  return Object.assign(Object.create(null) as object, Object.fromEntries(entries));
}
