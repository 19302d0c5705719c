import { render, type VNode } from 'preact';

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
