import type { ComponentChildren } from 'preact';

import { PageScript, renderPage, type PageContext } from './layout.js';

interface FrameProps extends PageContext {
  readonly title: string;
  /** What only this page loads or leads to. */
  readonly head?: ComponentChildren;
  /** Whether nobody can change anything by this server. */
  readonly readOnly: boolean;
  /** Whether a token has to be given before anything is shown. */
  readonly asksToken?: boolean;
  readonly children: ComponentChildren;
}

/** A page of releases: a script copies lines, and lets who has the token change releases where the server takes changes. */
export function renderReleasesPage(props: FrameProps): string {
  const { title, readOnly, asksToken = false, root, files, head, children } = props;
  return renderPage({
    title,
    root,
    files,
    head: (
      <>
        <PageScript name="release.js" root={root} files={files} />
        {head}
      </>
    ),
    actions: (asksToken || !readOnly) && <ManageButton words={asksToken ? 'Sign in' : 'Manage releases'} />,
    children,
  });
}

/** Shown where scripts run. */
function ManageButton({ words }: { readonly words: string }) {
  return (
    <div class="account">
      <button type="button" id="manage" class="primary">
        {words}
      </button>
    </div>
  );
}
