import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

import { Injectable } from '@nestjs/common';
import mime from 'mime';
// Its main module would load the whole bundle into memory.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';

import { prepareBody, type PreparedBody } from '../http/prepared-body.js';

const START = `window.ui = SwaggerUIBundle({
  url: document.getElementById('contract').href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
`;
const FROM_SWAGGER_UI = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

/** Serves `contracts/openapi.yaml`, and what the page that shows it is made of. */
@Injectable()
export class ContractService {
  readonly document: PreparedBody = prepareBody('application/yaml', readContract());
  private readonly assets = new Map([['start.js', prepareBody('text/javascript; charset=utf-8', START)]]);

  /** A file of the page, or undefined where there is none of that name. */
  async pageAsset(file: string): Promise<PreparedBody | undefined> {
    const known = this.assets.get(file);
    if (known !== undefined || !FROM_SWAGGER_UI.has(file)) return known;
    const asset = prepareBody(
      mime.getType(file) ?? 'application/octet-stream',
      await readFile(join(getAbsoluteFSPath(), file)),
    );
    this.assets.set(file, asset);
    return asset;
  }
}

function readContract(): string {
  const manifest = findPackageJSON('..', import.meta.url);
  if (manifest === undefined) throw new Error('package.json, beside which contracts/ lies, is missing');
  return readFileSync(join(dirname(manifest), 'contracts', 'openapi.yaml'), 'utf8');
}
