export { AppModule } from './app.module.js';
export type { Extensions } from './app.extensions.js';
export { Config } from './config/config.js';
export { ConfigError } from './config/config.error.js';
export { compareVersions, versionOf, type PackageVersion } from '#releases';
export { serve } from './serve.js';
