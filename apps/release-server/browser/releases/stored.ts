import type { Stored } from '../publishing/problem.js';

/**
 * What the page shows under a name, in the folder of a release. The server says the rest when the package comes, for there
 * are no addresses at which drafts could be looked up.
 */
export function storedOnPage(name: string, release: string): Stored | undefined {
  const row = [...document.querySelectorAll<HTMLElement>('#results tbody tr')].find(
    ({ dataset }) => dataset['name'] === name && dataset['release'] === release,
  );
  const sha256 = row?.querySelector<HTMLElement>('[data-line="digest"]')?.dataset['whole'];
  if (row === undefined || sha256 === undefined) return undefined;
  const size = Number(row.querySelector<HTMLDataElement>('data')?.value);
  return { size, sha256, etag: `"sha256:${sha256}"` };
}
