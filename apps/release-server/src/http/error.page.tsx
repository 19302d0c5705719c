import { render } from 'preact-render-to-string';

import type { ProblemDocument } from './problem.js';

/** An error as a plain page for a browser. */
export function errorPage({ status, title, detail, code }: ProblemDocument): string {
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{`${status} ${title}`}</title>
      </head>
      <body>
        <h1>
          {status} {title}
        </h1>
        <p>{detail}</p>
        <p>
          Code: <code>{code}</code>
        </p>
      </body>
    </html>
  );
  return `<!doctype html>${render(page)}`;
}
