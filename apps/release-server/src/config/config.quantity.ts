import { z } from 'zod';

/** By unit in upper case, without its `B`. */
const BYTES = new Map([
  ['', 1],
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['KI', 1024],
  ['MI', 1024 ** 2],
  ['GI', 1024 ** 3],
  ['TI', 1024 ** 4],
]);
const MILLISECONDS = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** A size as `256MiB`, as Kubernetes has it (`256Mi`), or a plain number of bytes; read as bytes. */
export const byteSize = quantity(byteFactor, 'a size such as 256MiB, 1GB or a number of bytes');

/** A time span as `60s`; read as milliseconds. */
export const duration = quantity((unit) => MILLISECONDS.get(unit), 'a time span such as 500ms, 60s or 5m');

/** In any letter case, except for a lone `m`, `g` or `t`: nginx means MiB by `m`, and Kubernetes a thousandth. */
function byteFactor(unit: string): number | undefined {
  return /^[mgt]$/.test(unit) ? undefined : BYTES.get(unit.toUpperCase().replace(/B$/, ''));
}

function quantity(factorOf: (unit: string) => number | undefined, expected: string) {
  return z.union([z.string(), z.number()], { error: `expected ${expected}` }).transform((value, context) => {
    const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(String(value));
    const result = Math.floor(Number(match?.[1]) * (factorOf(match?.[2] ?? '') ?? Number.NaN));
    if (Number.isSafeInteger(result)) return result;
    context.addIssue({ code: 'custom', message: `expected ${expected}` });
    return z.NEVER;
  });
}
