import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { Injectable } from '@nestjs/common';
import mime from 'mime';
// Its main module would load the whole bundle into memory.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';

import { prepareBody, type PreparedBody } from '../../http/prepared-body.js';
import { PRODUCT_ROOT } from '../../config/product.js';

const COMPRESSIBLE = { compressible: true };
const FROM_SWAGGER_UI = new Set(['swagger-ui.css', 'swagger-ui-bundle.js']);

/** Serves `contracts/openapi.yaml`, and what the page that shows it is made of. */
@Injectable()
export class ContractService {
  readonly document: PreparedBody = prepareBody(
    'application/yaml',
    readFileSync(join(PRODUCT_ROOT, 'contracts/openapi.yaml')),
    COMPRESSIBLE,
  );
  private readonly assets = new Map<string, PreparedBody>();

  /** A file of the page, or undefined where there is none of that name. */
  async pageAsset(file: string): Promise<PreparedBody | undefined> {
    const known = this.assets.get(file);
    if (known !== undefined || !FROM_SWAGGER_UI.has(file)) return known;
    const asset = prepareBody(
      mime.getType(file) ?? 'application/octet-stream',
      await readFile(join(getAbsoluteFSPath(), file)),
      COMPRESSIBLE,
    );
    this.assets.set(file, asset);
    return asset;
  }
}
