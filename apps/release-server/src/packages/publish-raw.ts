import type { Request, Response } from 'express';

import { entityTag } from '../http/conditional.js';
import { RequestBody } from '../server/request-body.js';
import type { RequestContext } from '../server/request-context.js';
import { publishedView, type PublishedView } from './package.view.js';
import { rawSize } from './upload-headers.js';
import { bodyDigests, parseOnlyDraft, parseWriteOptions } from './write-request.js';
import type { WriteService } from './write.service.js';

/** What a raw body is published as. */
export interface RawTarget {
  readonly file: string;
  /** The tag of the release in whose folder it goes; undefined for a flat package. */
  readonly release?: string;
}

/**
 * Publishes the body of a `PUT`, and answers with 201 and its address, or 200 where it replaced another version.
 *
 * @param base - Of links.
 */
export async function publishRaw(
  writes: WriteService,
  { file, release }: RawTarget,
  base: string,
  request: Request,
  response: Response,
  context: RequestContext,
): Promise<PublishedView> {
  const size = rawSize(request);
  const onlyDraft = release !== undefined && parseOnlyDraft(request);
  const options = { ...parseWriteOptions(request, bodyDigests(request.headers)), release, onlyDraft };
  const body = new RequestBody(request, response, size);
  const result = await writes.publish(body, file, options, context);

  const view = publishedView(result, base);
  response.status(result.replaced === undefined ? 201 : 200);
  response.setHeader('ETag', entityTag(result.package));
  if (result.replaced === undefined) response.setHeader('Location', view.url);
  return view;
}
