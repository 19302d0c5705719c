import type { ComponentChildren } from 'preact';

import { renderPage, type PageContext } from './layout.js';

interface FrameProps extends PageContext {
  readonly title: string;
  /** What only this page loads or leads to. */
  readonly head?: ComponentChildren;
  /** Whether nobody can change anything by this server. */
  readonly readOnly: boolean;
  readonly children: ComponentChildren;
}

/** A page of releases: a script copies lines, and lets who has the token change releases where the server takes changes. */
export function renderReleasesPage({ title, readOnly, root, files, head, children }: FrameProps): string {
  return renderPage({
    title,
    root,
    files,
    head: (
      <>
        <script
          type="module"
          id="script"
          src={files.url('release.js', root)}
          data-digest-worker={files.url('digest.worker.js', root)}
        />
        {head}
      </>
    ),
    actions: readOnly ? undefined : <ManageButton />,
    children,
  });
}

/** Shown where scripts run. */
function ManageButton() {
  return (
    <div class="account">
      <button type="button" id="manage" class="primary">
        Manage releases
      </button>
    </div>
  );
}
