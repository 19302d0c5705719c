import { closest, distance } from 'fastest-levenshtein';
import { z } from 'zod';

import type { Path } from './config.yaml.js';

/** Stands in the path of a key for the index of an item: `tokens`, any, `name`. */
const ANY = '*';

/** Keys that belong together: the whole configuration, a section of it, an item of a list. */
export type Section = z.ZodObject<Record<string, z.ZodType>>;

/** One key of a schema, wherever it is nested. */
export interface ConfigKey {
  readonly path: readonly string[];
  readonly schema: z.ZodType;
  /** Whether it holds further keys, by itself or in the items of its list. */
  readonly isSection: boolean;
}

/** All keys below a section, each before those inside it. */
export function keysOf(section: Section, above: readonly string[] = []): ConfigKey[] {
  return Object.entries(section.shape).flatMap(([name, schema]) => {
    const path = [...above, name];
    const item = itemIn(schema);
    const inner = sectionIn(item ?? schema);
    const below = inner === undefined ? [] : keysOf(inner, item === undefined ? path : [...path, ANY]);
    return [{ path, schema, isSection: inner !== undefined }, ...below];
  });
}

/** Whether an environment variable can set it: lists of objects are for the file alone. */
export function isSettable({ path, isSection }: ConfigKey): boolean {
  return !isSection && !path.includes(ANY);
}

/** Its environment variable: `S3_BUCKET` of `s3.bucket`. */
export function variableOf(path: readonly string[]): string {
  return path.join('_').toUpperCase();
}

/** The schema of what stands in the file, without what is made of it. */
export function written(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPipe) return written(schema.in as z.ZodType);
  const isWrapped =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault;
  return isWrapped ? written(schema.unwrap() as z.ZodType) : schema;
}

/** The section that a key holds, if it holds one. */
export function sectionIn(schema: z.ZodType): Section | undefined {
  const inner = written(schema);
  return inner instanceof z.ZodObject ? inner : undefined;
}

/** The schema of the items, if the key holds a list. */
export function itemIn(schema: z.ZodType): z.ZodType | undefined {
  const inner = written(schema);
  return inner instanceof z.ZodArray ? (inner.element as z.ZodType) : undefined;
}

/** The schema of what a step of a path leads to. */
export function inside(schema: z.ZodType, step: PropertyKey): z.ZodType | undefined {
  if (typeof step === 'number') return itemIn(schema);
  const shape = sectionIn(schema)?.shape ?? {};
  return Object.hasOwn(shape, step) ? shape[String(step)] : undefined;
}

/** The name of a path in messages: `tokens[2].name`. */
export function nameOf(path: Path): string {
  return path.reduce<string>((name, step) => {
    if (typeof step === 'number') return `${name}[${step}]`;
    if (step === ANY) return `${name}[]`;
    return `${name}${name === '' ? '' : '.'}${printable(String(step))}`;
  }, '');
}

/** Why a section does not have a key that somebody may look for in it; undefined for any other key. */
export function refusalOf(path: Path, root: Section): string | undefined {
  const { refused = {} } = sectionAbove(path, root)?.meta() ?? {};
  const key = String(path.at(-1));
  return Object.hasOwn(refused, key) ? refused[key] : undefined;
}

/** What to write instead of a key that no section has: the nearest of its section, then of all, else the list. */
export function hintFor(path: Path, root: Section): string {
  const above = path.slice(0, -1);
  const word = String(path.at(-1)).toLowerCase();
  const siblings = Object.keys(sectionAbove(path, root)?.shape ?? {});
  const sibling = nearest(word, siblings);
  if (sibling !== undefined) return `, did you mean ${nameOf([...above, sibling])}?`;
  const all = new Map(keysOf(root).map(({ path: known }) => [String(known.at(-1)), known]));
  const elsewhere = all.get(nearest(word, [...all.keys()]) ?? '');
  return elsewhere === undefined
    ? `, the valid keys are ${siblings.join(', ')}`
    : `, did you mean ${nameOf(elsewhere)}?`;
}

function sectionAbove(path: Path, root: Section): Section | undefined {
  const above = path.slice(0, -1);
  const schema = above.reduce<z.ZodType | undefined>((one, step) => one && inside(one, step), root);
  return schema && sectionIn(schema);
}

function nearest(word: string, candidates: readonly string[]): string | undefined {
  const candidate = closest(word, candidates);
  const limit = Math.min(candidate.length - 1, Math.max(2, Math.floor(candidate.length / 2)));
  return distance(word, candidate) <= limit ? candidate : undefined;
}

function printable(key: string): string {
  return /^[\w.-]+$/.test(key) ? key : JSON.stringify(key);
}
