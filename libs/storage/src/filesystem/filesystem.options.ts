export interface FilesystemOptions {
  /** Directory whose files are the packages; created when missing. */
  readonly path: string;
  /** Bytes that an upload must leave free. */
  readonly minFreeSpace: number;
  /** Never write, not even caches or probes. */
  readonly readOnly: boolean;
}
