import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';

import { Admission } from './admission.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { ConfigurableModuleClass } from './auth.module-definition.js';
import { BearerGuard } from './bearer.guard.js';
import { Permissions } from './permissions.js';
import { Principals } from './principals.js';

/** Guards every route of the application that is not marked public, and decides who may change which packages. */
@Module({
  providers: [
    { provide: APP_GUARD, useClass: BearerGuard },
    Admission,
    AttemptLimiter,
    Permissions,
    Principals,
  ],
  exports: [Admission, Permissions, Principals],
})
export class AuthModule extends ConfigurableModuleClass {}
