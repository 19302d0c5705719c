import { refreshList } from '../list.js';
import { deleteOnClick } from './deleting.js';
import { takeDroppedFiles } from './dropping.js';
import { checkToken, findStored, packagesOf } from './server.js';
import { askForToken } from './token-dialog.js';
import { signInOnClick } from './signing-in.js';
import { showTokenButton } from './token-button.js';
import { Token } from './token.js';
import { openUploadPlace } from './upload-place.js';

/** Publishes and deletes from the page, where the server takes that. Nothing of it shows before somebody asks for it. */
export function startPublishing(): void {
  const publish = document.querySelector<HTMLElement>('#publish');
  const signIn = document.querySelector<HTMLElement>('#sign-in');
  const first = signIn ?? publish;
  if (first === null) return;

  const showToken = showTokenButton(first, () => {
    token.forget();
    // What it let somebody read goes too.
    if (signIn !== null) location.reload();
  });
  const showSignedIn = signIn === null ? undefined : signInOnClick(signIn, publish, () => token);
  const token = new Token(askForToken, checkToken, (known) => {
    showToken(known);
    showSignedIn?.(known);
  });
  if (publish === null) return;
  const place = openUploadPlace({ token, parts: { findStored, ...packagesOf() }, refresh: refreshList });
  takeDroppedFiles((dropped) => void place?.addDropped(dropped));
  deleteOnClick(token, refreshList);
  addEventListener('beforeunload', (event) => {
    if (place?.isActive() === true) event.preventDefault();
  });
}
