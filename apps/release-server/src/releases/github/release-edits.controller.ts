import { Controller, Delete, HttpCode, Param, Patch, Post, Req, Res, UseGuards } from '@nestjs/common';
import type { Request, Response } from 'express';

import { readJson } from '../../server/json-body.js';
import { Context, RequestContext } from '../../server/request-context.js';
import { MAX_BODY_BYTES } from '../publishing/release-body.js';
import { ReleaseWrites } from '../release-writes.service.js';
import { generatedNotes } from './generated-notes.js';
import { GithubApi, type ApiAddress } from './github-api.js';
import { missing, parseGithubRelease, parseNotesRequest, type NotesRequest } from './github-body.js';
import { GithubReleases } from './github-releases.service.js';
import { RELEASES } from './paths.js';
import { RepositoryGuard } from './repository.guard.js';

/** Creates, edits, publishes and deletes releases as GitHub's REST API does. */
@UseGuards(RepositoryGuard)
@Controller(RELEASES)
export class GithubReleaseEditsController {
  constructor(
    private readonly writes: ReleaseWrites,
    private readonly releases: GithubReleases,
    private readonly api: GithubApi,
  ) {}

  @Post()
  async create(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ) {
    const api = this.api.addressFor(request);
    const { fields, generateNotes } = parseGithubRelease(await readJson(request, response, MAX_BODY_BYTES));
    const { tag, ...others } = fields;
    if (!tag) throw missing('Release', 'tag_name');
    const made = generateNotes ? (await this.notes({ tag }, api, request)).body : '';
    const notes = [others.notes, made].filter(Boolean).join('\n\n');
    const { record } = await this.writes.create(tag, { ...others, notes }, context);
    const view = await this.releases.saved(record, api, request);
    response.setHeader('Location', view.url);
    return view;
  }

  @Post('generate-notes')
  @HttpCode(200)
  async generateNotes(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ) {
    context.isRead = true;
    const asked = parseNotesRequest(await readJson(request, response, MAX_BODY_BYTES));
    return this.notes(asked, this.api.addressFor(request), request);
  }

  @Patch(':id')
  async edit(
    @Param('id') id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ) {
    const api = this.api.addressFor(request);
    const { fields } = parseGithubRelease(await readJson(request, response, MAX_BODY_BYTES));
    const { release } = await this.releases.find(id, request);
    const { record } = await this.writes.edit(release, { ...fields, tag: fields.tag || undefined }, context);
    return this.releases.saved(record, api, request);
  }

  @Delete(':id')
  @HttpCode(204)
  async remove(
    @Param('id') id: string,
    @Req() request: Request,
    @Context() context: RequestContext,
  ): Promise<void> {
    const { release } = await this.releases.find(id, request);
    await this.writes.remove(release, context);
  }

  private async notes(asked: NotesRequest, { base }: ApiAddress, request: Request) {
    const { catalog, release } = await this.releases.named(asked.tag, request);
    return generatedNotes(catalog, release, asked, base);
  }
}
