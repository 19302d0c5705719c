import { renderPage, type PageContext } from '../web/layout.js';
import type { ProblemDocument } from './problem.js';

/** An error as a page for a browser, with a way back. */
export function errorPage({ status, title, detail, code }: ProblemDocument, context: PageContext): string {
  return renderPage({
    ...context,
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
          <a href={`${context.root}packages`}>All packages</a>
        </p>
      </article>
    ),
  });
}
