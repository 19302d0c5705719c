import { announce } from '../dom.js';
import { refreshList } from '../list.js';
import { deleteOnClick } from './deleting.js';
import { digestOf } from './digest.js';
import { takeDroppedFiles } from './dropping.js';
import type { Collected } from './folders.js';
import { leftOut, sameName, sharedNames } from './left-out.js';
import { showPanel } from './panel.js';
import { publisher } from './publish-file.js';
import { askToPublish, checkToken, findStored, putPackage } from './server.js';
import { tell } from './telling.js';
import { askForToken } from './token-dialog.js';
import { showTokenButton } from './token-button.js';
import { Token } from './token.js';
import { isActive, Uploads, type Phase } from './uploads.js';

/** After these another list may be stored than the page shows; the server may have been faster than a cancel. */
const CHANGES = new Set<Phase['is']>(['published', 'replaced', 'cancelled']);

/** Publishes and deletes from the page, where the server takes that. Nothing of it shows before somebody asks for it. */
export function startPublishing(): void {
  const place = document.querySelector<HTMLElement>('#publishing');
  const publish = document.querySelector<HTMLElement>('#publish');
  if (place === null || publish === null) return;

  const token = new Token(
    askForToken,
    checkToken,
    showTokenButton(publish, () => token.forget()),
  );
  const maxSize = Number(place.dataset['maxSize']);
  const mayOverwrite = place.dataset['overwrite'] === 'true';
  const work = publisher({ token, maxSize, mayOverwrite, digestOf, findStored, askToPublish, putPackage });
  const uploads = new Uploads(work, { changed: () => panel.update(), settled: () => void bringUpToDate() });
  const panel = showPanel(place, uploads, maxSize, (files) => void add(files));

  publish.addEventListener('click', () => {
    void token.get().then((given) => {
      if (given !== undefined) panel.open();
    });
  });
  takeDroppedFiles((dropped) => void addDropped(dropped));
  deleteOnClick(token);
  addEventListener('beforeunload', (event) => {
    if (uploads.all.some(isActive)) event.preventDefault();
  });

  async function add(files: readonly File[]): Promise<void> {
    if ((await token.get()) === undefined) return;
    panel.open();
    for (const file of files) uploads.add(file);
  }

  async function addDropped(dropped: Promise<Collected>): Promise<void> {
    if ((await token.get()) === undefined) return;
    const collected = await dropped;
    uploads.notice = leftOut(collected);
    panel.open();
    if (collected.tooMany) return;
    const shared = sharedNames(collected.files);
    for (const { file } of collected.files) {
      const paths = shared.get(file.name);
      uploads.add(file, paths === undefined ? undefined : sameName(paths));
    }
  }

  async function bringUpToDate(): Promise<void> {
    if (uploads.all.some(({ phase }) => CHANGES.has(phase.is))) await refreshList();
    announce(tell(uploads.all));
  }
}
