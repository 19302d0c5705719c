import { Module } from '@nestjs/common';

import { TokenController } from './token.controller.js';

/** Lets a client check its token before it sends anything else. */
@Module({ controllers: [TokenController] })
export class TokenModule {}
