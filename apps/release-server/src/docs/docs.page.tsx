import { render } from 'preact-render-to-string';

/** The page that shows the contract; its script finds the contract by the link. */
export function docsPage(base: string): string {
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Release Server API</title>
        <link rel="stylesheet" href={`${base}/docs/swagger-ui.css`} />
        <link rel="icon" type="image/png" href={`${base}/docs/favicon-32x32.png`} />
        <link rel="service-desc" id="contract" type="application/yaml" href={`${base}/openapi.yaml`} />
      </head>
      <body>
        <div id="swagger-ui" />
        <noscript>
          This page needs JavaScript. The contract is at{' '}
          <a href={`${base}/openapi.yaml`}>{`${base}/openapi.yaml`}</a>.
        </noscript>
        <script src={`${base}/docs/swagger-ui-bundle.js`} />
        <script src={`${base}/docs/start.js`} />
      </body>
    </html>
  );
  return `<!doctype html>${render(page)}`;
}
