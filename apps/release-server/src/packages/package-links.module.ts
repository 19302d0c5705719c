import { Global, Module } from '@nestjs/common';

import { PackageLinks } from './package-links.js';

/** Provides {@link PackageLinks} everywhere, to the guard too. */
@Global()
@Module({ providers: [PackageLinks], exports: [PackageLinks] })
export class PackageLinksModule {}
