import { refreshList } from '../list.js';
import { readAs } from '../reading.js';
import type { Token } from './token.js';

/**
 * Has somebody give the token that reads ask for, and then shows the list. The function that is returned shows the button
 * while there is no token, and what needs one while there is.
 */
export function signInOnClick(
  button: HTMLElement,
  publish: HTMLElement | null,
  token: () => Token,
): (known: boolean) => void {
  readAs({ secret: () => token().known, refused: () => token().forget() });
  button.addEventListener('click', () => {
    void token()
      .get()
      .then((secret) => (secret === undefined ? undefined : refreshList()));
  });
  return (known) => {
    button.hidden = known;
    if (publish !== null) publish.hidden = !known;
  };
}
