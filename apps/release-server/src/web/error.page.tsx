import { Injectable } from '@nestjs/common';

import { Config } from '../config/config.js';
import { ErrorPage } from '../problems/error-page.js';
import type { ProblemDocument } from '../problems/problem.js';
import { PAGE_POLICY, renderPage } from './layout.js';
import { renderReleasesPage } from './releases-frame.js';
import { rootOf } from './root.js';
import { signInPage } from './sign-in.page.js';
import { StaticFiles } from './static-files.js';

/** An error as a page for a browser, with a way back. */
@Injectable()
export class FramedErrorPage extends ErrorPage {
  readonly policy = PAGE_POLICY;

  constructor(
    private readonly files: StaticFiles,
    private readonly config: Config,
  ) {
    super();
  }

  render(problem: ProblemDocument): string {
    const { status, title, detail, code, instance } = problem;
    const root = rootOf(instance);
    if (code === 'unauthorized' && this.config.read_access === 'token') {
      return signInPage({ problem, root, files: this.files, config: this.config });
    }
    const page = {
      root,
      files: this.files,
      title: `${status} ${title}`,
      children: (
        <article class="problem">
          <p class="status">{status}</p>
          <h1>{title}</h1>
          <p>
            <bdi>{detail}</bdi>
          </p>
          <p class="quiet">
            Code: <code>{code}</code>
          </p>
          <p>
            <a href={`${root}packages`}>All packages</a>
          </p>
        </article>
      ),
    };
    // It may be a draft, which is there for who has the token.
    return code === 'release_not_found' && instance.includes('/releases/tag/')
      ? renderReleasesPage({ ...page, readOnly: this.config.read_only })
      : renderPage(page);
  }
}
