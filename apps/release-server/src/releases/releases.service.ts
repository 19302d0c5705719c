import { Injectable } from '@nestjs/common';

import { PackageStore, type Package } from '#storage';

import { Config } from '../config/config.js';
import { PreparedBodies, prepareBody, type PreparedBody } from '../http/prepared-body.js';
import { latestRelease } from './release.view.js';

/** Shows packages as releases; an answer is made once for as long as the packages stay the same. */
@Injectable()
export class ReleasesService {
  private readonly prepared = new PreparedBodies<readonly Package[]>();

  private readonly immutable: boolean;

  constructor(
    private readonly store: PackageStore,
    config: Config,
  ) {
    this.immutable = !config.allow_overwrite && !config.allow_delete;
  }

  /** The latest release, with links below `base`. */
  async latest(base: string): Promise<PreparedBody> {
    const packages = await this.store.list();
    return this.prepared.get(packages, base, () =>
      prepareBody('application/json', JSON.stringify(latestRelease(packages, base, this.immutable))),
    );
  }
}
