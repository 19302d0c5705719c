import { Module } from '@nestjs/common';

import { HttpModule } from '../../http/http.module.js';
import { PagesModule } from '../pages.module.js';
import { ContractService } from './contract.service.js';
import { DocsController } from './docs.controller.js';

/** The HTTP contract, readable. */
@Module({
  imports: [HttpModule, PagesModule],
  controllers: [DocsController],
  providers: [ContractService],
})
export class DocsModule {}
