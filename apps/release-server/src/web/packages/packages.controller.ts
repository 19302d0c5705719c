import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';

import { Controller, Get, Req, Res, type OnModuleInit } from '@nestjs/common';
import accepts from 'accepts';
import { LRUCache } from 'lru-cache';

import { Public } from '#auth';
import { PackageReader } from '#storage';

import { ageHeaders } from '../../http/age.js';
import { sendPrepared, type PreparedBody } from '../../http/prepared-body.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { ReadPath } from '../../server/read-path.js';
import { contextOf } from '../../server/request-context.js';
import { rootOf } from '../root.js';
import { parseListQuery, type PackageListQuery } from '../../packages/package-list.query.js';
import { PackageListService } from '../../packages/package-list.service.js';
import { ReaderViews } from '../../packages/reader-views.js';
import { PackagesPageService } from './packages-page.service.js';

/** What a request asks for by its query and its `Accept`. */
interface Asked {
  readonly format: 'json' | 'html';
  readonly query: PackageListQuery;
}

/** Longest query and `Accept`, in characters together, that are remembered. */
const MAX_REMEMBERED = 500;

/** `GET /packages`: the list, as a page or as JSON. */
@Public()
@Controller('packages')
export class PackagesController implements OnModuleInit {
  /** Parsing a query costs more than sending a prepared answer to it. */
  private readonly known = new LRUCache<string, Asked>({ max: 100 });

  constructor(
    private readonly store: PackageReader,
    private readonly packages: PackageListService,
    private readonly pages: PackagesPageService,
    private readonly publicUrl: PublicUrl,
    private readonly reads: ReadPath,
    private readonly views: ReaderViews,
  ) {}

  onModuleInit(): void {
    this.reads.add('/packages', PackagesController, 'list', (request, response) =>
      this.list(request, response),
    );
  }

  @Get()
  list(@Req() request: IncomingMessage, @Res() response: ServerResponse): void | Promise<void> {
    const { format, query } = this.asked(request);
    const base = this.publicUrl.baseFor(request);
    const from = this.views.of(request);
    const body =
      format === 'json'
        ? this.packages.list(query, from)
        : this.pages.page(query, rootOf(contextOf(request).path), from);
    const send = (made: PreparedBody): void | Promise<void> =>
      sendPrepared(request, response, made, base, ageHeaders(this.store));
    return body instanceof Promise ? body.then(send) : send(body);
  }

  private asked(request: IncomingMessage): Asked {
    const { url = '', headers } = request;
    const search = /^[^?#]*\?([^#]*)/.exec(url)?.[1] ?? '';
    const key = `${search}\n${headers.accept}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const asked = read(request, search);
    if (key.length <= MAX_REMEMBERED) this.known.set(key, asked);
    return asked;
  }
}

function read(request: IncomingMessage, search: string): Asked {
  const query = parseListQuery(parse(search));
  const accepted = accepts(request);
  const format = query.format ?? (accepted.type(['html', 'json']) === 'json' ? 'json' : 'html');
  // Clients that read the page as an index of links read it once, and all of it; people turn pages.
  const turnsPages = format === 'html' && [accepted.types()].flat()[0] === 'text/html';
  return { format, query: { ...query, page: query.page ?? (turnsPages ? 1 : undefined) } };
}
