import { announce, element } from '../dom.js';
import { refreshList } from '../list.js';
import { askInDialog } from './dialog.js';
import { ProblemWords } from './problem-words.js';
import { problemOf, type Problem } from './problem.js';
import { deletePackage } from './server.js';
import type { Token } from './token.js';

/** Has the delete buttons of the rows delete their packages, once somebody said so. */
export function deleteOnClick(token: Token): void {
  document.addEventListener('click', (event) => {
    const row = (event.target as Element).closest('.delete')?.closest('tr') ?? null;
    if (row !== null) void deleteRow(row, token);
  });
}

async function deleteRow(row: HTMLTableRowElement, token: Token): Promise<void> {
  const { name = '' } = row.dataset;
  const sha256 = row.querySelector<HTMLElement>('[data-line="digest"]')?.dataset['whole'];
  // Only what is shown here goes, not what took its name meanwhile.
  const etag = sha256 === undefined ? undefined : `"sha256:${sha256}"`;
  let problem: Problem | undefined;
  while ((await confirm(name, problem)) === true) {
    try {
      await token.use((secret) => deletePackage(name, etag, secret));
      await leave(row);
      announce(`Deleted ${name}`);
      return;
    } catch (error) {
      problem = problemOf(error);
    }
  }
  // What the server says of the package may be news to the list.
  if (problem?.again === false) await refreshList();
}

function confirm(name: string, problem: Problem | undefined): Promise<true | undefined> {
  const possible = problem === undefined || problem.again === true;
  return askInDialog<true>('delete-heading', (answer, close) => (
    <>
      <h2 id="delete-heading">
        Delete <bdi>{name}</bdi>?
      </h2>
      {problem === undefined ? (
        <p>Nobody can fetch it any more, and this cannot be undone.</p>
      ) : (
        <div role="alert">
          <ProblemWords problem={problem} />
        </div>
      )}
      <div class="choices">
        <button type="button" onClick={close}>
          {possible ? 'Cancel' : 'Close'}
        </button>
        {possible && (
          <button type="button" class="danger" onClick={() => answer(true)}>
            {problem === undefined ? 'Delete' : 'Try again'}
          </button>
        )}
      </div>
    </>
  ));
}

/** Brings the list up to date, and the focus to the name that follows. */
async function leave(row: HTMLTableRowElement): Promise<void> {
  const names = [...document.querySelectorAll<HTMLElement>('#results .name')];
  const place = names.findIndex((name) => row.contains(name));
  await refreshList();
  const left = document.querySelectorAll<HTMLElement>('#results .name');
  (
    left[Math.min(place, left.length - 1)] ??
    document.querySelector<HTMLElement>('#found') ??
    element('main')
  ).focus();
}
