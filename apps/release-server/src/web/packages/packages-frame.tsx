import type { ComponentChildren } from 'preact';

import type { Config } from '../../config/config.js';
import { PageScript, renderPage, type PageContext } from '../layout.js';

interface FrameProps extends PageContext {
  readonly title: string;
  readonly config: Pick<Config, 'max_upload_size' | 'read_only' | 'allow_overwrite'>;
  /** Whether a token has to be given before anything is shown. */
  readonly asksToken?: boolean;
  readonly overview?: ComponentChildren;
  readonly search?: ComponentChildren;
  readonly results: ComponentChildren;
}

/** A page of packages, in the parts that a script brings up to date, each as a whole. */
export function renderPackagesPage(props: FrameProps): string {
  const { title, root, files, config, asksToken = false, overview, search, results } = props;
  return renderPage({
    title,
    root,
    files,
    head: <PageScript name="page.js" root={root} files={files} />,
    actions: (asksToken || !config.read_only) && (
      <div class="account">
        <SignInButton isPrivate={asksToken} />
        {!config.read_only && <PublishButton isHidden={asksToken} />}
      </div>
    ),
    children: (
      <>
        <h1>Packages</h1>
        <div id="overview">{overview}</div>
        <div id="search">{search}</div>
        {!config.read_only && (
          <div
            id="publishing"
            data-max-size={config.max_upload_size}
            data-overwrite={String(config.allow_overwrite)}
          />
        )}
        <div id="results">{results}</div>
      </>
    ),
  });
}

/** Shown where scripts run. */
function SignInButton({ isPrivate }: { readonly isPrivate: boolean }) {
  return (
    <button
      type="button"
      id="sign-in"
      class={isPrivate ? 'primary' : undefined}
      data-reads={isPrivate ? 'private' : undefined}
    >
      Sign in
    </button>
  );
}

/** Shown where scripts run. */
function PublishButton({ isHidden }: { readonly isHidden: boolean }) {
  return (
    <button type="button" id="publish" class="primary" hidden={isHidden}>
      Publish
    </button>
  );
}
