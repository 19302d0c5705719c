export { PackageReader } from './package-reader.js';
export { PackageStore } from './package-store.js';
export {
  finderIn,
  type Evict,
  type Eviction,
  type EvictionContext,
  type IncomingPackage,
} from './eviction.js';
export type {
  OpenPackage,
  Package,
  PackageContent,
  ReadOptions,
  SnapshotOptions,
  StoreSnapshot,
} from './package-reader.js';
export type {
  ChangeOptions,
  Committed,
  PackageCheck,
  PublishCondition,
  PublishOptions,
  PublishResult,
  ReleaseChange,
  ReleaseRemoval,
  ReleaseState,
  RemoveCondition,
  RemoveOptions,
  RemovedRelease,
  SavedRelease,
  SaveReleaseOptions,
  StagedPackage,
  StageOptions,
} from './package-store.js';
export { alreadyExists, assertCondition, assertFileName, assertPackageName, notFound } from './conditions.js';
export { releaseChunk } from './chunk-memory.js';
export { isSamePackage, listChanges, type ListChanges } from './list-changes.js';
export { inOrder, newestFirst } from './newest-first.js';
export {
  fileOf,
  folderTagOf,
  isFileName,
  isPackageName,
  nameInRelease,
  PACKAGE_NAME_RULE,
} from './package-name.js';
export { labelOf, MAX_RECORD_BYTES, NO_RELEASES, type ReleaseRecord } from './release-record.js';
export { assertReleaseTag, folderOf, isReleaseTag, RELEASE_TAG_RULE, tagOfFolder } from './release-tag.js';
export { StorageError } from './storage.errors.js';
export type { StorageErrorCode } from './storage.errors.js';
export { receive } from './staging/receive.js';
export type { Received } from './staging/receive.js';
export { FilesystemPackageStore } from './filesystem/filesystem.driver.js';
export type { FilesystemOptions } from './filesystem/filesystem.options.js';
export { S3PackageStore } from './s3/s3.driver.js';
export { S3IndexRepair } from './s3/repair.js';
export type { RepairPlan } from './s3/repair.js';
export type { S3Options } from './s3/s3.options.js';
export type { StorageOptions } from './storage.options.js';
export { StorageModule } from './storage.module.js';
