import { Controller, Get, Module } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { PackageReader, Public } from 'release-server';

@Controller('stats')
class StatsController {
  constructor(private readonly modules: ModuleRef) {}

  @Get()
  @Public()
  async stats(): Promise<{ packages: number; bytes: number }> {
    const packages = await this.modules.get(PackageReader, { strict: false }).list();
    return { packages: packages.length, bytes: packages.reduce((sum, { size }) => sum + size, 0) };
  }
}

/** `GET /stats` says to everybody how much is stored. */
@Module({ controllers: [StatsController] })
export class StatsModule {}
