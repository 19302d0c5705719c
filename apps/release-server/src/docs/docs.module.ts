import { Module } from '@nestjs/common';

import { HttpModule } from '../http/http.module.js';
import { ContractService } from './contract.service.js';
import { DocsController } from './docs.controller.js';

/** The HTTP contract, readable. */
@Module({
  imports: [HttpModule],
  controllers: [DocsController],
  providers: [ContractService],
})
export class DocsModule {}
