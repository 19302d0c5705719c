import type { ClassProvider, FactoryProvider, ModuleMetadata, ValueProvider } from '@nestjs/common';

import type { TokenVerifier } from '#auth';
import type { RetentionPolicy } from '#retention';
import type { PackageStore } from '#storage';

/** A Nest provider without its token, which is that of its key in {@link Extensions}. `Config` can be injected. */
type Replacement<T> =
  Omit<ClassProvider<T>, 'provide'> | Omit<FactoryProvider<T>, 'provide'> | Omit<ValueProvider<T>, 'provide'>;

/** What a team puts in the place of the server's own parts, or beside them. See docs/extending.md. */
export interface Extensions {
  /** Where packages live; by default where `storage_driver` says. */
  readonly store?: Replacement<PackageStore>;
  /** Whose a token is; by default `auth_token` decides, which the configuration then need not have. */
  readonly verifier?: Replacement<TokenVerifier>;
  /** Which packages leave; by default the oldest beyond `max_packages`. */
  readonly policy?: Replacement<RetentionPolicy>;
  /** Further Nest modules. */
  readonly imports?: NonNullable<ModuleMetadata['imports']>;
}
