import type { z } from 'zod';

import { ConfigError } from './config.error.js';
import type { configSchema } from './config.schema.js';

type ConfigValues = Readonly<z.output<typeof configSchema>>;

// The class has the schema's keys as its properties.
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Config extends ConfigValues {}

/**
 * The validated configuration: one frozen object, and its injection token. Sizes are bytes and time spans
 * milliseconds. Libraries never see it; `app.module.ts` gives them their own options.
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class Config {
  readonly #sourceOf: (key: string) => string;

  /** @param sourceOf - Where a key's value comes from, in words: `environment variable PORT`, `config.yaml:3`. */
  constructor(values: ConfigValues, sourceOf: (key: string) => string = () => 'configuration') {
    this.#sourceOf = sourceOf;
    Object.assign(this, values, derived(values));
    freeze(this);
  }

  /** The error for a value that turns out to be unusable only when it is used. */
  problem(key: keyof ConfigValues, message: string, options?: ErrorOptions): ConfigError {
    return new ConfigError(`${this.#sourceOf(key)}: ${key}: ${message}`, options);
  }
}

/** What keeps everything as it is can be said by one key, or by two. */
function derived({ immutable, allow_overwrite, allow_delete }: ConfigValues): Partial<ConfigValues> {
  if (!immutable && (allow_overwrite || allow_delete)) return {};
  return { immutable: true, allow_overwrite: false, allow_delete: false };
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.values(value).forEach(freeze);
  Object.freeze(value);
}
