import { render } from 'preact-render-to-string';

import type { PackageListQuery } from './package-list.query.js';
import type { PackagePage } from './package-selection.js';
import { versionOf } from './package-version.js';
import { packageView } from './package.view.js';

/** The list as a plain page, complete without style and script. All text is escaped by the renderer. */
export function packagesPage(page: PackagePage, query: PackageListQuery, base: string): string {
  return `<!doctype html>${render(<Packages page={page} query={query} base={base} />)}`;
}

function Packages({ page, query, base }: { page: PackagePage; query: PackageListQuery; base: string }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Packages</title>
      </head>
      <body>
        <h1>Packages</h1>
        <form action={`${base}/packages`}>
          <label>
            Name contains <input type="search" name="q" value={query.q} />
          </label>{' '}
          <button>Search</button>
        </form>
        <p>
          {page.total} {page.total === 1 ? 'package' : 'packages'}
          {page.pages > 1 ? `, page ${page.page} of ${page.pages}` : ''}
        </p>
        <table>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Version</th>
              <th scope="col">Size in bytes</th>
              <th scope="col">Published</th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {page.packages.map((stored) => {
              const { name, size, created_at: createdAt, sha256, url } = packageView(stored, base);
              return (
                <tr>
                  <td>
                    <a href={url}>{name}</a>
                  </td>
                  <td>{versionOf(name)?.tag ?? ''}</td>
                  <td>{size}</td>
                  <td>
                    <time dateTime={createdAt}>{createdAt}</time>
                  </td>
                  <td>
                    <code>{sha256 ?? 'being computed'}</code>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </body>
    </html>
  );
}
