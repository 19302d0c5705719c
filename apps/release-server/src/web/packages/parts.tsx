import { exactSize, exactTime, relativeTime, shortSize } from './words.js';

/** A size for people, the exact one on hover. */
export function Size({ bytes }: { readonly bytes: number }) {
  return (
    <data value={bytes} title={exactSize(bytes)}>
      {shortSize(bytes)}
    </data>
  );
}

/** How long ago, the time itself on hover. Both in milliseconds since the epoch. */
export function Time({ time, now }: { readonly time: number; readonly now: number }) {
  return (
    <time datetime={new Date(time).toISOString()} title={exactTime(time)}>
      {relativeTime(time, now)}
    </time>
  );
}

interface CopyProps {
  /** Which `data-line` of the surroundings is copied. */
  readonly line: string;
  readonly label: string;
  /** What is copied, in words. */
  readonly of: string;
}

/** Shown where scripts run. */
export function CopyButton({ line, label, of }: CopyProps) {
  return (
    <button type="button" class="copy" data-copy={line} data-of={of} aria-label={`Copy ${of}`}>
      {label}
    </button>
  );
}

/** A line to run, with a button that copies it. */
export function Command({ children, of }: { readonly children: string; readonly of: string }) {
  return (
    <div class="command">
      <pre data-line="command">{children}</pre>
      <CopyButton line="command" label="Copy" of={of} />
    </div>
  );
}
