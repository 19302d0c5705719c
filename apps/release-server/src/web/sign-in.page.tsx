import type { Config } from '../config/config.js';
import type { ProblemDocument } from '../problems/problem.js';
import { renderPage, type PageContext } from './layout.js';
import { renderPackagesPage } from './packages/packages-frame.js';
import { renderReleasesPage } from './releases-frame.js';

interface SignInProps extends PageContext {
  readonly problem: ProblemDocument;
  readonly config: Pick<Config, 'max_upload_size' | 'read_only' | 'allow_overwrite'>;
}

const OF_RELEASES = /\/releases(?:\/?$|\/tag\/)/;

/**
 * What a browser gets where reads ask for a token: the frame of the page that it wants, whose script asks for the token and
 * loads that page with it.
 */
export function signInPage({ problem, root, files, config }: SignInProps): string {
  const { title, detail, instance } = problem;
  const page = { root, files, title: `${title} – Release Server`, asksToken: true };
  if (/^\/packages\/?$/.test(instance)) {
    return renderPackagesPage({ ...page, config, results: <Words detail={detail} /> });
  }
  const children = (
    <article class="problem">
      <h1>{title}</h1>
      <Words detail={detail} />
    </article>
  );
  if (OF_RELEASES.test(instance)) {
    return renderReleasesPage({ ...page, readOnly: config.read_only, children });
  }
  return renderPage({
    ...page,
    children: (
      <>
        {children}
        <p>
          <a href={`${root}packages`}>All packages</a>
        </p>
      </>
    ),
  });
}

function Words({ detail }: { readonly detail: string }) {
  return (
    <div class="nothing">
      <p>What is stored here is shown to those who have a token.</p>
      <p>
        <bdi>{detail}</bdi>
      </p>
      <p class="quiet">
        Programs send it in <code>Authorization: Bearer</code>, or as the password of any user (
        <code>curl -u x:TOKEN</code>).
      </p>
    </div>
  );
}
