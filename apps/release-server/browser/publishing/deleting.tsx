import { announce, element } from '../dom.js';
import { confirm } from './confirm.js';
import { mayDelete } from './owner.js';
import { packagesOf } from './server.js';
import { Failure } from './problem.js';
import type { Token } from './token.js';

/**
 * Has the delete buttons of the rows delete their packages, once somebody said so.
 *
 * @param refresh - Brings the list up to date.
 */
export function deleteOnClick(token: Token, refresh: () => Promise<void>): void {
  document.addEventListener('click', (event) => {
    const row = (event.target as Element).closest('.delete')?.closest('tr') ?? null;
    if (row !== null) void deleteRow(row, token, refresh);
  });
}

/**
 * Has the rows offer deleting what the owner of the token may delete, also those that come later.
 *
 * @returns Called when the owner is another.
 */
export function offerDeleting(token: () => Token): () => void {
  const update = (): void => {
    const { owner } = token();
    for (const button of document.querySelectorAll<HTMLElement>('.delete')) {
      const { name: file = '', release, version } = button.closest('tr')?.dataset ?? {};
      const isOffered = owner !== undefined && mayDelete(owner, { file, release: release ?? version });
      button.classList.toggle('offered', isOffered);
    }
  };
  new MutationObserver(() => update()).observe(element('main'), { childList: true, subtree: true });
  return update;
}

async function deleteRow(
  row: HTMLTableRowElement,
  token: Token,
  refresh: () => Promise<void>,
): Promise<void> {
  const { name = '', release } = row.dataset;
  const sha256 = row.querySelector<HTMLElement>('[data-line="digest"]')?.dataset['whole'];
  // Only what is shown here goes, not what took its name meanwhile.
  const etag = sha256 === undefined ? undefined : `"sha256:${sha256}"`;
  const heading = (
    <>
      Delete <bdi>{name}</bdi>?
    </>
  );
  const words = 'Nobody can fetch it any more, and this cannot be undone.';
  let isNews = false;
  const deleted = await confirm({ heading, words, label: 'Delete', isDanger: true }, async () => {
    try {
      await token.use((secret) => packagesOf(release).deletePackage(name, etag, secret));
    } catch (error) {
      isNews = error instanceof Failure && error.problem.again === false;
      throw error;
    }
  });
  if (deleted) {
    await leave(row, refresh);
    announce(`Deleted ${name}`);
  } else if (isNews) {
    // What the server says of the package may be news to the list.
    await refresh();
  }
}

/** Brings the list up to date, and the focus to the name that follows. */
async function leave(row: HTMLTableRowElement, refresh: () => Promise<void>): Promise<void> {
  const names = [...document.querySelectorAll<HTMLElement>('#results .name')];
  const place = names.findIndex((name) => row.contains(name));
  await refresh();
  const left = document.querySelectorAll<HTMLElement>('#results .name');
  (
    left[Math.min(place, left.length - 1)] ??
    document.querySelector<HTMLElement>('#found') ??
    element('main')
  ).focus();
}
