import type { ComponentChildren } from 'preact';
import { render } from 'preact-render-to-string';

import { PRODUCT_VERSION } from '../config/product.js';
import type { StaticFiles } from './static-files.js';

/** What a page may load and do: what comes from this server, and nothing that stands in the page itself. */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** What every page needs to know. */
export interface PageContext {
  /** The way to the root of the server: see `rootOf`. */
  readonly root: string;
  readonly files: StaticFiles;
}

/** The script of a page, by the name of its file, which also loads the worker that computes digests. */
export function PageScript({ name, root, files }: PageContext & { readonly name: 'page.js' | 'release.js' }) {
  return (
    <script
      type="module"
      id="script"
      src={files.url(name, root)}
      data-digest-worker={files.url('digest.worker.js', root)}
    />
  );
}

interface LayoutProps extends PageContext {
  readonly title: string;
  /** What only this page loads. */
  readonly head?: ComponentChildren;
  /** Beside the name of the product. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** The frame of all pages. Text is escaped by the renderer, wherever it comes from. */
function Layout({ title, root, files, head, actions, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <link rel="icon" type="image/svg+xml" href={files.url('icon.svg', root)} />
        <link rel="stylesheet" href={files.url('pages.css', root)} />
        {head}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="bar">
          <p class="brand">
            <a href={`${root}packages`}>
              <img src={files.url('icon.svg', root)} alt="" width="24" height="24" />
              Release Server
            </a>{' '}
            <small>{PRODUCT_VERSION}</small>
          </p>
          <nav aria-label="Server">
            <a href={`${root}packages`}>Packages</a>
            <a href={`${root}releases`}>Releases</a>
            <a href={`${root}docs`}>API</a>
          </nav>
          {actions}
        </header>
        <main id="main" tabindex={-1}>
          {children}
        </main>
        <footer class="foot">
          <p>
            Release Server {PRODUCT_VERSION} · <a href={`${root}latest`}>Latest release as JSON</a> ·{' '}
            <a href={`${root}packages?format=json`}>Packages as JSON</a> ·{' '}
            <a href={`${root}openapi.yaml`}>OpenAPI</a>
          </p>
        </footer>
        <p id="status" class="hidden" role="status" />
      </body>
    </html>
  );
}

/** A whole page as HTML. */
export function renderPage(props: LayoutProps): string {
  return `<!doctype html>${render(<Layout {...props} />)}`;
}
