const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const EXACT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const ROUNDED = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Units of ages, each with the smallest age that is given in it. */
const AGES = [
  [365 * DAY_MS, 'year'],
  [30 * DAY_MS, 'month'],
  [7 * DAY_MS, 'week'],
  [DAY_MS, 'day'],
  [HOUR_MS, 'hour'],
  [MINUTE_MS, 'minute'],
] as const;

/** `1,234 packages`, `1 package`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${EXACT.format(count)} ${count === 1 ? one : many}`;
}

/** `48,211 bytes`. */
export function exactSize(bytes: number): string {
  return counted(bytes, 'byte');
}

/** `47.1 KiB`, in the units of the configuration. */
export function shortSize(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return power === 0 ? exactSize(bytes) : `${ROUNDED.format(bytes / 1024 ** power)} ${UNITS[power]}`;
}

/** `2026-03-02 09:30:01 UTC`. @param time - Milliseconds since the epoch. */
export function exactTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `3 days ago`. Both in milliseconds since the epoch; a file that was put here by hand may have a time to come. */
export function relativeTime(time: number, now: number): string {
  const age = now - time;
  for (const [length, unit] of AGES) {
    if (Math.abs(age) >= length) return AGO.format(-Math.trunc(age / length), unit);
  }
  return 'just now';
}
