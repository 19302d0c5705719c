import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Get, Param, Req, Res } from '@nestjs/common';

import { Public } from '#auth';
import type { Release } from '#releases';
import { fileOf, notFound, PackageReader } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { sendPrepared } from '../../http/prepared-body.js';
import { sendHead } from '../../http/head.js';
import { sendPackage, sendPackageHead } from '../../packages/download.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { contextOf } from '../../server/request-context.js';
import { releasePath } from '../release-path.js';
import { ReleasesService } from '../releases.service.js';
import { CHECKSUMS_FILE, ChecksumsService } from './checksums.service.js';

/** `/releases/download/…` and `/releases/latest/…`: downloads by tag and file name, at the addresses that GitHub has. */
@Public()
@Controller('releases')
export class ReleaseDownloadsController {
  constructor(
    private readonly store: PackageReader,
    private readonly releases: ReleasesService,
    private readonly checksums: ChecksumsService,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Answers HEAD too. */
  @Get('download/*tag/SHA256SUMS')
  async checksumsOf(
    @Param('tag') segments: string[],
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    await this.sendChecksums(await this.releases.byTag(segments.join('/')), request, response);
  }

  @Get('latest/download/SHA256SUMS')
  async checksumsOfLatest(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    await this.sendChecksums(await this.releases.latestRelease(), request, response);
  }

  /** Answers HEAD too. The wildcard takes tags with slashes, whether these are encoded or not. */
  @Get('download/*tag/:file')
  async download(
    @Param('tag') segments: string[],
    @Param('file') file: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    await this.send(await this.releases.byTag(segments.join('/')), file, request, response);
  }

  @Get('latest/download/:file')
  async downloadLatest(
    @Param('file') file: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    await this.send(await this.releases.latestRelease(), file, request, response);
  }

  @Get('latest')
  async latest(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { tag } = await this.releases.latestRelease();
    // The same repository that was asked for.
    const [prefix] = contextOf(request).path.split('/releases/latest', 1);
    const url = `${this.publicUrl.baseFor(request)}${prefix}/${releasePath(tag)}`;
    sendHead(response, 302, ['Location', url, 'Content-Length', '0']);
    response.end();
  }

  /** The package of that name where there is one. */
  private async sendChecksums(
    release: Release,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (release.assets.some((one) => fileOf(one) === CHECKSUMS_FILE)) {
      await this.send(release, CHECKSUMS_FILE, request, response);
      return;
    }
    const body = await this.checksums.of(release.tag);
    await sendPrepared(request, response, body, '', ageHeaders(this.store));
  }

  private async send(
    release: Release,
    file: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const stored = release.assets.find((one) => fileOf(one) === file);
    if (stored === undefined) throw notFound(file);
    if (request.method === 'HEAD') {
      sendPackageHead(request, response, stored, ageHeaders(this.store));
      return;
    }
    const opened = await this.store.open(stored.name);
    await sendPackage(request, response, opened, ageHeaders(this.store));
  }
}
