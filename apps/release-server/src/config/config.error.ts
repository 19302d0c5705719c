/** A configuration that cannot be used. The message is one line that says where and what, and holds no secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Exit code for it: EX_CONFIG of sysexits.h. */
export const EX_CONFIG = 78;
