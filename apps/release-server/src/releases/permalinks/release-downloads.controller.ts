import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Get, Param, Req, Res } from '@nestjs/common';

import { Public } from '#auth';
import type { Release } from '#releases';
import { fileOf, notFound, PackageReader, type Package } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { sendPrepared } from '../../http/prepared-body.js';
import { sendHead } from '../../http/head.js';
import { sendPackage, sendPackageHead } from '../../packages/download.js';
import { ReaderViews } from '../../packages/reader-views.js';
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
    private readonly views: ReaderViews,
  ) {}

  /** Answers HEAD too. */
  @Get('download/*tag/SHA256SUMS')
  async checksumsOf(
    @Param('tag') segments: string[],
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    await this.sendChecksums(await this.byTag(segments, request), request, response);
  }

  @Get('latest/download/SHA256SUMS')
  async checksumsOfLatest(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    await this.sendChecksums(await this.latestFor(request), request, response);
  }

  /** Answers HEAD too. The wildcard takes tags with slashes, whether these are encoded or not. */
  @Get('download/*tag/:file')
  async download(
    @Param('tag') segments: string[],
    @Param('file') file: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const access = { file, release: segments.join('/') };
    const find = async (): Promise<Package> => packageIn(await this.byTag(segments, request), file);
    await this.send(await this.views.finding(access, request, find), request, response);
  }

  @Get('latest/download/:file')
  async downloadLatest(
    @Param('file') file: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const release = await this.latestFor(request);
    const access = { file, release: release.tag };
    const find = async (): Promise<Package> => packageIn(release, file);
    await this.send(await this.views.finding(access, request, find), request, response);
  }

  @Get('latest')
  async latest(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { tag } = await this.latestFor(request);
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
    const stored = release.assets.find((one) => fileOf(one) === CHECKSUMS_FILE);
    if (stored !== undefined) {
      await this.views.requireOf(stored.name, request);
      await this.send(stored, request, response);
      return;
    }
    const body = await this.checksums.of(release.tag, this.views.of(request));
    await sendPrepared(request, response, body, '', ageHeaders(this.store));
  }

  private async byTag(segments: readonly string[], request: IncomingMessage): Promise<Release> {
    return this.releases.byTag(segments.join('/'), this.views.of(request));
  }

  private async latestFor(request: IncomingMessage): Promise<Release> {
    return this.releases.latestRelease(this.views.of(request));
  }

  private async send(stored: Package, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'HEAD') {
      sendPackageHead(request, response, stored, ageHeaders(this.store));
      return;
    }
    const opened = await this.store.open(stored.name);
    await sendPackage(request, response, opened, ageHeaders(this.store));
  }
}

function packageIn({ assets }: Release, file: string): Package {
  const stored = assets.find((one) => fileOf(one) === file);
  if (stored === undefined) throw notFound(file);
  return stored;
}
