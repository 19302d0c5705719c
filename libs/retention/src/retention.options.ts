export interface RetentionOptions {
  /** Most packages that are kept, by the default policy; null for no limit. */
  readonly maxPackages: number | null;
  /** Nothing is published, so nothing leaves. */
  readonly readOnly: boolean;
}

/** Injection token of {@link RetentionOptions}. */
export const RETENTION_OPTIONS = Symbol('RETENTION_OPTIONS');
