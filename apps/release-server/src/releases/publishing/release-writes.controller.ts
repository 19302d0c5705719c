import { Controller, Delete, HttpCode, Param, Patch, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import type { SavedRelease } from '#storage';

import { evictedView, type EvictedView } from '../../packages/package.view.js';
import { ProblemError } from '../../problems/problem.js';
import { readJson } from '../../server/json-body.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { Context, RequestContext } from '../../server/request-context.js';
import { DraftAccess } from '../draft-access.js';
import { releasePath } from '../release-path.js';
import type { ReleaseName } from '../release-record.js';
import { ReleaseWrites } from '../release-writes.service.js';
import { ReleasesService } from '../releases.service.js';
import { MAX_BODY_BYTES, parseReleaseBody } from './release-body.js';

/** A release as the answer to a change of it tells of it. */
interface SavedView {
  readonly tag: string;
  readonly title: string;
  readonly notes: string;
  readonly draft: boolean;
  /** Null where the tag decides. */
  readonly prerelease: boolean | null;
  /** ISO 8601. */
  readonly created_at: string;
  /** ISO 8601; null for a draft that never was public. */
  readonly published_at: string | null;
  /** Absolute address of its page. */
  readonly url: string;
  /** What retention removed in the same step. */
  readonly evicted: readonly EvictedView[];
}

/**
 * `/releases` and `/releases/{tag}`: makes, edits, publishes and deletes releases. `latest` is a tag here like any other, and is named
 * for itself since a GET of it is answered otherwise.
 */
@Controller('releases')
export class ReleaseWritesController {
  constructor(
    private readonly writes: ReleaseWrites,
    private readonly releases: ReleasesService,
    private readonly access: DraftAccess,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post()
  async create(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<SavedView> {
    const base = this.publicUrl.baseFor(request);
    const { tag, ...fields } = parseReleaseBody(await readJson(request, response, MAX_BODY_BYTES));
    if (tag === undefined) {
      throw new ProblemError('invalid_parameter', 'tag: expected the tag of the release.', {
        members: { parameter: 'tag' },
      });
    }
    return savedView(await this.writes.create(tag, fields, context), base);
  }

  @Patch(['latest', ':tag'])
  async edit(
    @Param('tag') tag: string | undefined,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Context() context: RequestContext,
  ): Promise<SavedView> {
    const base = this.publicUrl.baseFor(request);
    const fields = parseReleaseBody(await readJson(request, response, MAX_BODY_BYTES));
    const saved = await this.change(tag, context, (release) => this.writes.edit(release, fields, context));
    return savedView(saved, base);
  }

  /** A release or a draft, with all of its packages. */
  @Delete(['latest', ':tag'])
  @HttpCode(204)
  async remove(@Param('tag') tag: string | undefined, @Context() context: RequestContext): Promise<void> {
    await this.change(tag, context, (release) => this.writes.remove(release, context));
  }

  /** Who may change nothing in the release of a tag is refused alike, be it there or not. */
  private async change<T>(
    tag = 'latest',
    { principal }: RequestContext,
    act: (release: ReleaseName) => Promise<T>,
  ): Promise<T> {
    return (await this.access.mayChange(principal, tag))
      ? this.releases.change(tag, act)
      : act({ tag, isDraft: false });
  }
}

function savedView({ record, evicted }: SavedRelease, base: string): SavedView {
  const { tag, title = '', notes = '', isDraft, isPrerelease = null, createdAt, publishedAt } = record;
  return {
    tag,
    title,
    notes,
    draft: isDraft,
    prerelease: isPrerelease,
    created_at: new Date(createdAt).toISOString(),
    published_at: publishedAt === undefined ? null : new Date(publishedAt).toISOString(),
    url: `${base}/${releasePath(tag)}`,
    evicted: evicted.map(evictedView),
  };
}
