import type { PlannedPackage } from '#retention';
import { fileOf } from '#storage';

/** What becomes of a package by retention, as the API tells of it. */
export interface PlannedView {
  readonly name: string;
  /** The tag of its release; null where it has none. */
  readonly release: string | null;
  /** Bytes. */
  readonly size: number;
  /** ISO 8601. */
  readonly created_at: string;
  /** Whether it would leave now. */
  readonly leaves: boolean;
  /** Why it leaves or stays. */
  readonly reason: string;
  /** When it leaves by its age, in ISO 8601; null where it does not. */
  readonly leaves_at: string | null;
}

export function plannedView({
  package: stored,
  release,
  leaves,
  reason,
  leavesAt,
}: PlannedPackage): PlannedView {
  return {
    name: fileOf(stored),
    release: release ?? null,
    size: stored.size,
    created_at: new Date(stored.createdAt).toISOString(),
    leaves,
    reason,
    leaves_at: leavesAt === undefined ? null : new Date(leavesAt).toISOString(),
  };
}
