import { z } from 'zod';

const EXPECTED_SIZE = 'expected a size such as 256MiB, 1GB or a number of bytes';
/** In any letter case, except for a lone `m`, `g` or `t`: nginx means MiB by `m`, and Kubernetes a thousandth. */
const SIZE = /^(\d+(?:\.\d+)?) ?([bB]|[kKMGT][bB]?|[mgt][bB]|[kKmMgGtT][iI][bB]?)?$/;
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

const EXPECTED_SPAN = 'expected a time span such as 500ms, 60s or 5m';
const SPAN = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;
const MILLISECONDS = new Map([
  ['MS', 1],
  ['S', 1000],
  ['M', 60_000],
  ['H', 3_600_000],
  ['D', 86_400_000],
]);

/** A size as `256MiB`, as Kubernetes has it (`256Mi`), or a plain number of bytes; read as bytes. */
export const byteSize = z
  .union([z.string().regex(SIZE, EXPECTED_SIZE), z.number().min(0, EXPECTED_SIZE)], { error: EXPECTED_SIZE })
  .transform(multiplied(SIZE, BYTES, EXPECTED_SIZE));

/** A time span as `60s`; read as milliseconds. */
export const duration = z
  .string({ error: EXPECTED_SPAN })
  .regex(SPAN, EXPECTED_SPAN)
  .transform(multiplied(SPAN, MILLISECONDS, EXPECTED_SPAN));

function multiplied(pattern: RegExp, factors: ReadonlyMap<string, number>, message: string) {
  return (value: string | number, context: z.RefinementCtx): number => {
    const [, number, unit = ''] = pattern.exec(String(value)) ?? [];
    const factor = factors.get(unit.toUpperCase().replace(/B$/, '')) ?? Number.NaN;
    const result = Math.floor(Number(number) * factor);
    if (Number.isSafeInteger(result)) return result;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
}
