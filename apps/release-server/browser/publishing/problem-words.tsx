import type { Problem } from './problem.js';

/** What went wrong, as text. */
export function ProblemWords({ problem: { title, detail, code } }: { readonly problem: Problem }) {
  return (
    <p class="failure">
      <strong>{title}.</strong>
      {detail !== undefined && ` ${detail}`}
      {code !== undefined && (
        <>
          {' '}
          <code>{code}</code>
        </>
      )}
    </p>
  );
}
