import { Module } from '@nestjs/common';

import { ServerModule } from '../../server/server.module.js';
import { PagesModule } from '../pages.module.js';
import { ContractService } from './contract.service.js';
import { DocsController } from './docs.controller.js';

/** The HTTP contract, readable. */
@Module({
  imports: [ServerModule, PagesModule],
  controllers: [DocsController],
  providers: [ContractService],
})
export class DocsModule {}
