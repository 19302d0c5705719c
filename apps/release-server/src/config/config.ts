import type { z } from 'zod';

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
  constructor(values: ConfigValues) {
    Object.assign(this, values);
    Object.freeze(this.s3);
    Object.freeze(this);
  }
}
