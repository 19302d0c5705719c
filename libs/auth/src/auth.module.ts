import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { ConfigurableModuleClass } from './auth.module-definition.js';
import { BearerGuard } from './bearer.guard.js';
import { Permissions } from './permissions.js';

/** Guards every route of the application that is not marked public, and decides who may change which packages. */
@Module({
  providers: [{ provide: APP_GUARD, useClass: BearerGuard }, Permissions],
  exports: [Permissions],
})
export class AuthModule extends ConfigurableModuleClass {}
