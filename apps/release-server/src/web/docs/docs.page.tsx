import { renderPage, type PageContext } from '../layout.js';

/** The page that shows the contract; its script finds the contract by the link. */
export function docsPage(context: PageContext): string {
  const { root, files } = context;
  return renderPage({
    ...context,
    title: 'API – Release Server',
    head: (
      <>
        <link rel="stylesheet" href={`${root}docs/swagger-ui.css`} />
        <link rel="service-desc" id="contract" type="application/yaml" href={`${root}openapi.yaml`} />
        <script defer src={`${root}docs/swagger-ui-bundle.js`} />
        <script type="module" src={files.url('docs.js', root)} />
      </>
    ),
    children: (
      <>
        <div id="swagger-ui" />
        <noscript>
          <p>
            This page needs JavaScript. The contract as a file:{' '}
            <a href={`${root}openapi.yaml`}>openapi.yaml</a>
          </p>
        </noscript>
      </>
    ),
  });
}
