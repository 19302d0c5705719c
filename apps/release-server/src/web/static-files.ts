import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import mime from 'mime';

import { prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { PRODUCT_ROOT } from '../config/product.js';

/** What pages load, by the names of their sources in `apps/release-server/browser`. */
const SOURCES = ['pages.css', 'page.js', 'digest.worker.js', 'docs.js', 'release.js', 'icon.svg'] as const;
type Source = (typeof SOURCES)[number];

/** The name changes with the content, so that a client that has a file never asks for it again (RFC 8246). */
const FOR_EVER = { 'Cache-Control': 'public, max-age=31536000, immutable' };

/** The built style sheet, scripts and icon of the pages, read once. */
@Injectable()
export class StaticFiles {
  private readonly files = new Map<string, PreparedBody>();
  private readonly names = new Map<string, string>();

  /** Throws where the build is not complete. */
  constructor() {
    const directory = join(PRODUCT_ROOT, 'dist/browser');
    for (const name of readdirSync(directory)) {
      const type = mime.getType(name) ?? 'application/octet-stream';
      const contentType = type.startsWith('text/') ? `${type}; charset=utf-8` : type;
      this.files.set(
        name,
        prepareBody(contentType, readFileSync(join(directory, name)), {
          headers: FOR_EVER,
          compressible: true,
        }),
      );
      this.names.set(name.replace(/^(.+)-[A-Z0-9]+(\.[a-z]+)$/, '$1$2'), name);
    }
    const missing = SOURCES.find((source) => !this.names.has(source));
    if (missing !== undefined) throw new Error(`${missing} is not in ${directory}: run npm run build`);
  }

  /** The file of that built name, or undefined where there is none. */
  find(name: string): PreparedBody | undefined {
    return this.files.get(name);
  }

  /** Where a page finds a file. @param root - see `rootOf`. */
  url(source: Source, root: string): string {
    return `${root}static/${this.names.get(source)}`;
  }
}
