import { z } from 'zod';

const BYTES = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };
const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** A size as `256MiB` or a plain number of bytes; read as bytes. */
export const byteSize = quantity(BYTES, 1, 'a size such as 256MiB, 1GB or a number of bytes');

/** A time span as `60s`; read as milliseconds. */
export const duration = quantity(MILLISECONDS, undefined, 'a time span such as 500ms, 60s or 5m');

function quantity(units: Record<string, number>, plain: number | undefined, expected: string) {
  return z.union([z.string(), z.number()], { error: `expected ${expected}` }).transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(String(value));
    const factor = match?.[2] === '' ? plain : units[match?.[2] ?? ''];
    const result = Math.floor(Number(match?.[1]) * (factor ?? Number.NaN));
    if (Number.isSafeInteger(result)) return result;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}
