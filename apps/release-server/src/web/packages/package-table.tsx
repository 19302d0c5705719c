import { packageVersion } from '#releases';
import { folderTagOf, type Package } from '#storage';

import { packageView, type UrlOf } from '../../packages/package.view.js';
import { downloadCommand, verifyCommand } from './shell-lines.js';
import { CopyButton, Size, Time } from './parts.js';

interface TableProps {
  readonly packages: readonly Package[];
  readonly base: string;
  /** The address of a package. */
  readonly urlOf: UrlOf;
  readonly now: number;
  /** Names of those that leave next. */
  readonly leaving: ReadonlySet<string>;
  /** Whether packages can be deleted here. */
  readonly deletable: boolean;
  /** Whether their addresses lead to them, as those of drafts do not. */
  readonly downloadable: boolean;
  readonly caption: string;
}

/** Packages, each with what one does with it. */
export function PackageTable({ packages, caption, ...row }: TableProps) {
  return (
    <table class="packages">
      <caption class="hidden">{caption}</caption>
      <thead class="hidden">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Commands</th>
          <th scope="col">Size</th>
          <th scope="col">Published</th>
          <th scope="col">SHA-256</th>
          <th scope="col" class="actions">
            Actions
          </th>
        </tr>
      </thead>
      <tbody>
        {packages.map((stored) => (
          <PackageRow key={stored.name} stored={stored} {...row} />
        ))}
      </tbody>
    </table>
  );
}

type RowProps = Omit<TableProps, 'packages' | 'caption'> & { readonly stored: Package };

function PackageRow({ stored, base, urlOf, now, leaving, deletable, downloadable }: RowProps) {
  const view = packageView(stored, base, undefined, urlOf);
  const { name, sha256 } = view;
  const folder = folderTagOf(stored);
  // What decides, beside the name, who may delete it.
  const version = deletable && folder === undefined ? packageVersion(stored)?.tag : undefined;
  return (
    <tr data-name={name} data-release={folder} data-version={version}>
      <th scope="row">
        {downloadable ? (
          <a class="name" href={view.url}>
            {name}
          </a>
        ) : (
          <span class="name" tabindex={-1}>
            {name}
          </span>
        )}
        {leaving.has(stored.name) && <span class="leaves">leaves next</span>}
      </th>
      <td class="lines">
        {downloadable && (
          <details>
            <summary aria-label={`Commands for ${name}`}>commands</summary>
            <pre data-line="curl">{downloadCommand(view)}</pre>
            {sha256 !== null && <pre data-line="verify">{verifyCommand(name, sha256)}</pre>}
          </details>
        )}
      </td>
      <td class="size">
        <Size bytes={stored.size} />
      </td>
      <td class="time">
        <Time time={stored.createdAt} now={now} />
      </td>
      <td class="digest">
        {sha256 === null ? (
          <span class="quiet">being computed</span>
        ) : (
          <>
            <code data-line="digest" data-whole={sha256} title={sha256}>
              {sha256.slice(0, 12)}
            </code>
            <CopyButton line="digest" label="Copy" of={`the SHA-256 of ${name}`} />
          </>
        )}
      </td>
      <td class="actions">
        {downloadable && <CopyButton line="curl" label="curl" of={`the curl line of ${name}`} />}
        {downloadable && sha256 !== null && (
          <CopyButton line="verify" label="verify" of={`the verify line of ${name}`} />
        )}
        {deletable && (
          <button type="button" class="delete" aria-label={`Delete ${name}`}>
            Delete
          </button>
        )}
      </td>
    </tr>
  );
}
