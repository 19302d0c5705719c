// The public interface: what `import … from 'release-server'` has. docs/extending.md lists it, and a test compares the two.

import './require-node.js';

// Composing a server
export { AppModule } from './app.module.js';
export type { Extensions } from './app.extensions.js';
export { serve } from './serve.js';
export { Config } from './config/config.js';
export { ConfigError } from './config/config.error.js';

// Storing packages
export {
  PackageReader,
  PackageStore,
  StorageError,
  alreadyExists,
  assertCondition,
  assertFileName,
  assertPackageName,
  assertReleaseTag,
  fileOf,
  folderOf,
  folderTagOf,
  nameInRelease,
  newestFirst,
  NO_RELEASES,
  notFound,
  receive,
} from '#storage';
export type {
  ChangeOptions,
  Committed,
  Evict,
  Eviction,
  EvictionContext,
  IncomingPackage,
  OpenPackage,
  Package,
  PackageCheck,
  PackageContent,
  PublishCondition,
  PublishOptions,
  PublishResult,
  Received,
  ReadOptions,
  ReleaseChange,
  ReleaseRecord,
  ReleaseRemoval,
  ReleaseState,
  RemoveCondition,
  RemoveOptions,
  RemovedRelease,
  SavedRelease,
  SaveReleaseOptions,
  StagedPackage,
  StageOptions,
  StorageErrorCode,
  StoreSnapshot,
} from '#storage';

// Saying who asks
export { AuthError, Open, Public, TokenVerifier } from '#auth';
export type { Access, AuthErrorCode, Grant, Principal, Scope } from '#auth';

// Routes of one's own
export { Context, RequestContext } from './server/request-context.js';
export { ProblemError } from './problems/problem.js';
export type { ProblemExtras, ProblemType } from './problems/problem.js';
export type { ProblemCode } from './problems/problem-codes.js';

// Hearing of changes
export { PackageEvents, type PackageListener } from './events/package-events.js';
export type {
  PackageDeleted,
  PackageDiscarded,
  PackageDrafted,
  PackageEvent,
  PackageEvicted,
  PackageOverwritten,
  PackagePublished,
  PackageRenamed,
  ReleaseEvent,
  Requester,
} from './events/package-event.js';

// Making them
export { WriteService } from './packages/write.service.js';
export type { IncomingBody } from './packages/incoming-body.js';
export type { WriteOptions } from './packages/write-options.js';
export { ReleaseWrites } from './releases/release-writes.service.js';
export type { ReleaseFields } from './releases/release-fields.js';
export type { ReleaseName } from './releases/release-record.js';

// Deciding what leaves
export { RetentionPolicy } from '#retention';
export type { Explanation, RetentionContext } from '#retention';

// Reading versions in names, and the releases that they make
export { catalogOf, compareVersions, packageVersion, versionOf } from '#releases';
export type { PackageVersion, Release, ReleaseCatalog } from '#releases';
