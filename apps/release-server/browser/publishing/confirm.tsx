import type { ComponentChildren } from 'preact';

import { doInDialog } from './dialog.js';
import { ProblemWords } from './problem-words.js';

interface Question {
  /** The name of what it is about stands in it as text of its own. */
  readonly heading: ComponentChildren;
  /** What comes of it. */
  readonly words: string;
  /** What the button says. */
  readonly label: string;
  /** Whether something is lost by it. */
  readonly isDanger?: boolean;
}

/** Does something once somebody confirmed it; false where they did not, or where it came to nothing. */
export function confirm(question: Question, act: () => Promise<void>): Promise<boolean> {
  const { heading, words, label, isDanger = false } = question;
  return doInDialog<void>('confirm-heading', act, ({ problem, isBusy, start, close }) => {
    const possible = problem === undefined || problem.again === true;
    return (
      <>
        <h2 id="confirm-heading">{heading}</h2>
        {problem === undefined ? (
          <p>{words}</p>
        ) : (
          <div role="alert">
            <ProblemWords problem={problem} />
          </div>
        )}
        <div class="choices">
          <button type="button" onClick={close} disabled={isBusy}>
            {possible ? 'Cancel' : 'Close'}
          </button>
          {possible && (
            <button
              type="button"
              class={isDanger ? 'danger' : 'primary'}
              aria-disabled={isBusy}
              onClick={() => start()}
            >
              {problem === undefined ? label : 'Try again'}
            </button>
          )}
        </div>
      </>
    );
  });
}
