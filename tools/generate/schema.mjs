import { dump } from 'js-yaml';

import { nameOf } from './sources.mjs';

/** What is written for a key that is not given; undefined where that is nothing. */
export function defaultOf(schema) {
  if ('defaultValue' in schema.def) return schema.def.defaultValue;
  return 'innerType' in schema.def ? defaultOf(schema.def.innerType) : undefined;
}

/** What a key means, in Markdown. */
export function meaningOf({ path, schema }) {
  const meaning = schema.meta()?.description;
  if (meaning === undefined) throw new Error(`${nameOf(path)}: no description in the schema`);
  return meaning;
}

/** A value on one line of YAML. */
export function yamlOf(value) {
  return dump(value, { flowLevel: 0, lineWidth: -1 }).trim();
}
