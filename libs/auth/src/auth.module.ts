import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { ConfigurableModuleClass } from './auth.module-definition.js';
import { BearerGuard } from './bearer.guard.js';
import { TokenVerifier } from './token-verifier.js';

/** Guards every route of the application that is not marked public. */
@Module({
  providers: [{ provide: APP_GUARD, useClass: BearerGuard }],
  exports: [TokenVerifier],
})
export class AuthModule extends ConfigurableModuleClass {}
