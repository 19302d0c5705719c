// What files are generated from: the modules of the server, as they stand in their sources.
import { registerHooks } from 'node:module';

const SOURCES = '../../apps/release-server/src';

// They import each other by the names of what the compiler makes of them.
registerHooks({
  resolve: (name, context, next) =>
    next(
      context.parentURL?.endsWith('.ts') && name.startsWith('.') ? name.replace(/\.js$/, '.ts') : name,
      context,
    ),
});

export const { PROBLEMS } = await import(`${SOURCES}/problems/problem-codes.ts`);
export const { configSchema } = await import(`${SOURCES}/config/config.schema.ts`);
export const { flag } = await import(`${SOURCES}/config/config.values.ts`);
export const { isSettable, itemIn, keysOf, nameOf, sectionIn, variableOf } = await import(
  `${SOURCES}/config/config.keys.ts`
);
