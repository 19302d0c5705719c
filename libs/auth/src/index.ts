export { AuthError } from './auth.errors.js';
export type { AuthErrorCode, TooManyAttempts } from './auth.errors.js';
export { AuthModule } from './auth.module.js';
export type { AuthContext, AuthOptions } from './auth.options.js';
export { BearerGuard, isPublic, Public } from './bearer.guard.js';
export { Permissions } from './permissions.js';
export { Principals } from './principals.js';
export { TokenVerifier } from './token-verifier.js';
export type { Action, Principal } from './token-verifier.js';
