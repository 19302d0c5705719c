// The table of ratios: one line for each contestant that a build is held against.
import { median, ratio } from './rounds.mjs';

const HEADINGS = [
  'figure',
  'of',
  'beside',
  'its',
  'ratio',
  'min–max',
  'CPU',
  'its CPU',
  'ratio',
  'loop p99, max',
];

/** What is shown of a unit: the key of its value, and of its CPU time. */
const UNITS = {
  '/s': ['requestsPerSecond', 'cpuMicrosecondsPerRequest', 'µs'],
  'MB/s': ['megabytesPerSecond', 'cpuSecondsPerGigabyte', 's/GB'],
  ms: ['milliseconds', 'cpuMilliseconds', 'ms'],
  s: ['seconds', 'cpuSeconds', 's'],
  MB: ['megabytes', undefined, ''],
};

/** Prints a figure: its `pairs` of names of contestants, by their results of each round. */
export function rowsOf({ title, unit = '/s', pairs, results }) {
  const [key, cpuKey, cpuUnit] = UNITS[unit];
  return pairs.map(([of, to]) => {
    const values = (name, what) => results[name].map((round) => round[what]);
    const shown = (name) => `${number(median(values(name, key)))} ${unit}`;
    const cpu = (name) => {
      const used = cpuKey === undefined ? NaN : median(values(name, cpuKey));
      return Number.isFinite(used) ? `${number(used)} ${cpuUnit}` : '–';
    };
    const share = ratio(values(of, key), values(to, key));
    const cost = cpuKey === undefined ? undefined : ratio(values(of, cpuKey), values(to, cpuKey)).median;
    const delays = ['loopDelayP99Ms', 'loopDelayMaxMs'].map((what) => median(values(of, what)));
    return [
      title,
      `${of}: ${shown(of)}`,
      to,
      shown(to),
      number(share.median),
      `${number(share.min)}–${number(share.max)}`,
      cpu(of),
      cpu(to),
      Number.isFinite(cost) ? number(cost) : '–',
      delays.every(Number.isFinite) ? `${delays.map(number).join(', ')} ms` : '–',
    ];
  });
}

/** As Markdown, with columns of equal width. */
export function table(rows) {
  const all = [HEADINGS, ...rows];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  const line = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(HEADINGS), rule, ...rows.map(line)].join('\n');
}

/** Three digits, or as many as stand before the point. */
function number(value) {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}
