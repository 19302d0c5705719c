import { refreshList } from '../list.js';
import { readAs } from '../reading.js';
import { showAccount } from './account.js';
import { deleteOnClick, offerDeleting } from './deleting.js';
import { takeDroppedFiles } from './dropping.js';
import { mayPublish } from './owner.js';
import { checkToken, findStored, packagesOf } from './server.js';
import { askForToken } from './token-dialog.js';
import { Token } from './token.js';
import { openUploadPlace } from './upload-place.js';

/**
 * Signs somebody in, where the server takes changes or asks readers for a token, and lets them publish and delete what
 * they may.
 */
export function startPublishing(): void {
  const signIn = document.querySelector<HTMLElement>('#sign-in');
  const publish = document.querySelector<HTMLElement>('#publish');
  if (signIn === null) return;
  const isPrivate = signIn.dataset['reads'] === 'private';

  const showOwner = showAccount(signIn, () => {
    token.forget();
    // What it let somebody read goes too.
    if (isPrivate) location.reload();
  });
  const showDeleting = offerDeleting(() => token);
  const token = new Token(askForToken, checkToken, (owner) => {
    signIn.hidden = owner !== undefined;
    showOwner(owner);
    showDeleting();
    if (publish !== null) publish.hidden = owner === undefined ? isPrivate : !mayPublish(owner);
  });
  if (isPrivate) readAs({ secret: () => token.known, refused: () => token.forget() });
  signIn.addEventListener('click', () => void open());
  if (publish === null) return;
  const place = openUploadPlace({ token, parts: { findStored, ...packagesOf() }, refresh: refreshList });
  takeDroppedFiles(
    (dropped) => void place?.addDropped(dropped),
    () => token.owner === undefined || mayPublish(token.owner),
  );
  deleteOnClick(token, refreshList);
  addEventListener('beforeunload', (event) => {
    if (place?.isActive() === true) event.preventDefault();
  });

  /** Asks for the token, and then shows what it lets somebody read. */
  async function open(): Promise<void> {
    if ((await token.get()) === undefined) return;
    document.querySelector<HTMLElement>('#sign-out')?.focus();
    if (isPrivate) await refreshList();
  }
}
