import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../server/server.module.js';
import { DraftAccess } from './draft-access.js';
import { GithubAssetUploadsController } from './github/asset-uploads.controller.js';
import { GithubApi } from './github/github-api.js';
import { GithubReleases } from './github/github-releases.service.js';
import { GithubReleaseAssetsController } from './github/release-assets.controller.js';
import { GithubReleaseEditsController } from './github/release-edits.controller.js';
import { GithubReleaseReadsController } from './github/release-reads.controller.js';
import { GithubServiceController } from './github/service.controller.js';
import { GithubApiRootController } from './github/api-root.controller.js';
import { GraphqlController } from './graphql/graphql.controller.js';
import { GraphqlService } from './graphql/graphql.service.js';
import { ChecksumsService } from './permalinks/checksums.service.js';
import { ReleaseDownloadsController } from './permalinks/release-downloads.controller.js';
import { ReleaseAssetsController } from './publishing/release-assets.controller.js';
import { ReleaseWritesController } from './publishing/release-writes.controller.js';
import { ReleaseWrites } from './release-writes.service.js';
import { ReleasesController } from './releases.controller.js';
import { ReleasesService } from './releases.service.js';
import { Repository } from './repository.js';

/** Releases: what is stored in the shape of GitHub's, and the one way to change them. */
@Module({
  imports: [ServerModule],
  controllers: [
    GithubReleaseReadsController,
    GithubReleaseEditsController,
    GithubReleaseAssetsController,
    GithubAssetUploadsController,
    GithubServiceController,
    GithubApiRootController,
    GraphqlController,
    ReleaseAssetsController,
    ReleaseDownloadsController,
    ReleaseWritesController,
    ReleasesController,
  ],
  providers: [
    ChecksumsService,
    DraftAccess,
    GithubApi,
    GithubReleases,
    GraphqlService,
    ReleasesService,
    ReleaseWrites,
    Repository,
  ],
  exports: [DraftAccess, ReleaseWrites, Repository],
})
export class ReleasesModule {
  /**
   * On these modules, which bring a `PackageStore`, a `RetentionService`, `Principals`, `Permissions` and `PackageEvents`.
   * Global, so that the modules that teams bring can inject what it exports.
   */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: ReleasesModule, imports, global: true };
  }
}
