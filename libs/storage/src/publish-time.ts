/** The last millisecond that the dates of HTTP and JSON can say: they have four digits for the year. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Whether a value is a time that a package can have, in milliseconds since the epoch: one of the years 1970 to 9999. */
export function isPublishTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LATEST;
}

/** The publish time of a package: the one to keep, or now and later than the `latest` that was given. */
export function publishTime(kept: number | undefined, now: number, latest: number): number {
  return clampTime(kept ?? Math.max(now, latest + 1));
}

/** The nearest time that a package can have. */
export function clampTime(time: number): number {
  return Number.isNaN(time) ? 0 : Math.trunc(Math.min(Math.max(time, 0), LATEST));
}
