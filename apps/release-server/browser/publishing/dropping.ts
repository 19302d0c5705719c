import { collectFiles, type Collected } from './folders.js';

/**
 * Takes files and folders that are dropped anywhere on the page, and shows while they are dragged that it does.
 *
 * @param isPlace - Whether the page is one to drop files on now.
 */
export function takeDroppedFiles(
  take: (dropped: Promise<Collected>) => void,
  isPlace: () => boolean = () => true,
): void {
  const isOpen = (): boolean => document.querySelector('dialog[open]') === null && isPlace();
  const hint = document.createElement('p');
  hint.className = 'drop-hint';
  hint.textContent = 'Drop to publish';
  hint.hidden = true;
  // It tells those who drag with a pointer.
  hint.setAttribute('aria-hidden', 'true');
  document.body.append(hint);

  document.addEventListener('dragover', (event) => {
    const { dataTransfer } = event;
    if (dataTransfer === null || !dataTransfer.types.includes('Files')) return;
    // Without this the browser opens what is dropped, in the place of the page.
    event.preventDefault();
    const open = isOpen();
    dataTransfer.dropEffect = open ? 'copy' : 'none';
    hint.hidden = !open;
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) hint.hidden = true;
  });
  document.addEventListener('drop', (event) => {
    hint.hidden = true;
    const items = [...(event.dataTransfer?.items ?? [])].filter(({ kind }) => kind === 'file');
    if (items.length === 0) return;
    event.preventDefault();
    if (isOpen()) take(collectFiles(items.flatMap(rootOf)));
  });
}

/** To be called before the event is over, when the items are gone. */
function rootOf(item: DataTransferItem): (File | FileSystemEntry)[] {
  const entry = item.webkitGetAsEntry();
  const root = entry?.isDirectory === true ? entry : item.getAsFile();
  return root === null ? [] : [root];
}
