export interface RetentionOptions {
  /** Most packages that are kept; null for no limit. */
  readonly maxPackages: number | null;
  /** Apply nothing at start. */
  readonly readOnly: boolean;
}
