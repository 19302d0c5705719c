import { refreshList } from '../list.js';
import { deleteOnClick } from './deleting.js';
import { takeDroppedFiles } from './dropping.js';
import { checkToken, findStored, packagesOf } from './server.js';
import { askForToken } from './token-dialog.js';
import { showTokenButton } from './token-button.js';
import { Token } from './token.js';
import { openUploadPlace } from './upload-place.js';

/** Publishes and deletes from the page, where the server takes that. Nothing of it shows before somebody asks for it. */
export function startPublishing(): void {
  const publish = document.querySelector<HTMLElement>('#publish');
  if (publish === null) return;

  const token = new Token(
    askForToken,
    checkToken,
    showTokenButton(publish, () => token.forget()),
  );
  const place = openUploadPlace({ token, parts: { findStored, ...packagesOf() }, refresh: refreshList });
  takeDroppedFiles((dropped) => void place?.addDropped(dropped));
  deleteOnClick(token, refreshList);
  addEventListener('beforeunload', (event) => {
    if (place?.isActive() === true) event.preventDefault();
  });
}
