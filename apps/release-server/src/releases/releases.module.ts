import { Module, type DynamicModule } from '@nestjs/common';

import { ServerModule } from '../server/server.module.js';
import { DraftAccess } from './draft-access.js';
import { GraphqlController } from './graphql/graphql.controller.js';
import { GraphqlService } from './graphql/graphql.service.js';
import { ReleasesController } from './releases.controller.js';
import { ReleasesService } from './releases.service.js';

/** Views of the stored packages in the shape of GitHub's releases. */
@Module({
  imports: [ServerModule],
  controllers: [GraphqlController, ReleasesController],
  providers: [DraftAccess, GraphqlService, ReleasesService],
})
export class ReleasesModule {
  /** On these modules, which bring a `PackageReader`, `Principals` and `Permissions`. */
  static on(...imports: DynamicModule[]): DynamicModule {
    return { module: ReleasesModule, imports };
  }
}
