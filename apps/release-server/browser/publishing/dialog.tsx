import { render, type VNode } from 'preact';

import { problemOf, type Problem } from './problem.js';

/**
 * Asks something in a modal dialog, which Escape closes; the focus then goes back to where it was.
 *
 * @param heading - The id of the heading in `content`, which names the dialog.
 * @param content - Made with the function that answers, and with the one that closes without an answer.
 */
export function askInDialog<Answer>(
  heading: string,
  content: (answer: (value: Answer) => void, close: () => void) => VNode,
): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const dialog = document.createElement('dialog');
    let given: Answer | undefined;
    const close = (): void => dialog.close();
    const answer = (value: Answer): void => {
      given = value;
      close();
    };
    dialog.setAttribute('aria-labelledby', heading);
    dialog.addEventListener('close', () => {
      render(null, dialog);
      dialog.remove();
      resolve(given);
    });
    render(content(answer, close), dialog);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** How far it is with what a dialog does. */
export interface Work<Input> {
  /** Why the last try came to nothing. */
  readonly problem: Problem | undefined;
  readonly isBusy: boolean;
  readonly start: (input: Input) => void;
  readonly close: () => void;
}

/**
 * Does something from a modal dialog, which stays with all that was typed into it until that is done. False where somebody
 * closed it before; while it is being done nobody can. What is thrown is shown, see `problemOf`.
 *
 * @param content - Made anew at each step.
 */
export async function doInDialog<Input>(
  heading: string,
  act: (input: Input) => Promise<void>,
  content: (work: Work<Input>) => VNode,
): Promise<boolean> {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-labelledby', heading);
  return new Promise((resolve) => {
    let [isBusy, isDone] = [false, false];
    const close = (): void => dialog.close();
    const show = (problem?: Problem): void => render(content({ problem, isBusy, start, close }), dialog);
    const start = (input: Input): void => {
      if (isBusy) return;
      isBusy = true;
      show();
      void act(input)
        .then(() => {
          isDone = true;
          close();
        })
        .catch((error: unknown) => {
          isBusy = false;
          show(problemOf(error));
        });
    };
    dialog.addEventListener('cancel', (event) => {
      if (isBusy) event.preventDefault();
    });
    dialog.addEventListener('close', () => {
      render(null, dialog);
      dialog.remove();
      resolve(isDone);
    });
    show();
    document.body.append(dialog);
    dialog.showModal();
  });
}
