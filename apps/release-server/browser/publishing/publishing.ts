import { announce } from '../dom.js';
import { refreshList } from '../list.js';
import { deleteOnClick } from './deleting.js';
import { digestOf } from './digest.js';
import { takeDroppedFiles, type Dropped } from './dropping.js';
import { showPanel } from './panel.js';
import type { Problem } from './problem.js';
import { publisher } from './publish-file.js';
import { askToPublish, findStored, putPackage } from './server.js';
import { tell } from './telling.js';
import { askForToken } from './token-dialog.js';
import { showTokenButton } from './token-button.js';
import { Token } from './token.js';
import { isActive, Uploads, type Phase } from './uploads.js';

const DIRECTORY: Problem = {
  title: 'This is a directory',
  detail: 'Only files can be published. Drop or choose the files in it.',
};

/** After these another list may be stored than the page shows; the server may have been faster than a cancel. */
const CHANGES = new Set<Phase['is']>(['published', 'replaced', 'cancelled']);

/** Publishes and deletes from the page, where the server takes that. Nothing of it shows before somebody asks for it. */
export function startPublishing(): void {
  const place = document.querySelector<HTMLElement>('#publishing');
  const publish = document.querySelector<HTMLElement>('#publish');
  if (place === null || publish === null) return;

  const token = new Token(
    askForToken,
    showTokenButton(publish, () => token.forget()),
  );
  const maxSize = Number(place.dataset['maxSize']);
  const mayOverwrite = place.dataset['overwrite'] === 'true';
  const work = publisher({ token, maxSize, mayOverwrite, digestOf, findStored, askToPublish, putPackage });
  const uploads = new Uploads(work, { changed: () => panel.update(), settled: () => void bringUpToDate() });
  const panel = showPanel(place, uploads, maxSize, (files) => void add({ files, directories: [] }));

  publish.addEventListener('click', () => {
    void token.get().then((given) => {
      if (given !== undefined) panel.open();
    });
  });
  takeDroppedFiles((dropped) => void add(dropped));
  deleteOnClick(token);
  addEventListener('beforeunload', (event) => {
    if (uploads.all.some(isActive)) event.preventDefault();
  });

  async function add({ files, directories }: Dropped): Promise<void> {
    if ((await token.get()) === undefined) return;
    panel.open();
    for (const directory of directories) uploads.add(directory, DIRECTORY);
    for (const file of files) uploads.add(file);
  }

  async function bringUpToDate(): Promise<void> {
    if (uploads.all.some(({ phase }) => CHANGES.has(phase.is))) await refreshList();
    announce(tell(uploads.all));
  }
}
