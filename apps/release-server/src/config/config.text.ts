import type { z } from 'zod';

import { itemIn, sectionIn, written } from './config.keys.js';
import { readScalar } from './config.yaml.js';

/**
 * What a text means as the value of a key: itself where a string is expected, else what YAML takes it for. A list of
 * plain values may also be written with commas between.
 */
export function readText(text: string, schema: z.ZodType): unknown {
  if (written(schema).def.type === 'string') return text;
  const value = readScalar(text);
  const item = itemIn(schema);
  if (item === undefined || sectionIn(item) !== undefined || typeof value === 'object') return value;
  const items = text.split(',').map((one) => one.trim());
  return items.filter((one) => one !== '');
}
