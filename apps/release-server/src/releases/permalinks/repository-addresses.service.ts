import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import accepts from 'accepts';
import type { Application } from 'express';

import { Admission } from '#auth';

import { sendHead } from '../../http/head.js';
import { ProblemFilter } from '../../server/problem.filter.js';
import { PublicUrl } from '../../server/public-url.service.js';
import { contextOf } from '../../server/request-context.js';
import { firstSegments, hasRoute } from '../../server/routes.js';
import { Repository } from '../repository.js';

const REPOSITORY = /^\/([A-Za-z0-9][A-Za-z0-9._-]{0,99})\/(?!\.{1,2}(?:\/|$))([A-Za-z0-9._-]{1,100})(?=\/|$)/;
/** What is there below a repository as below the root. */
const PERMALINK = /^\/releases(?:\/?$|\.atom\/?$|\/latest\/?$|\/latest\/download\/|\/download\/|\/tag\/)/;

type Routed = IncomingMessage & { originalUrl?: string | undefined };

/**
 * Answers reads of `/{owner}/{repo}/releases/…` as those of `/releases/…`, for every repository that this server answers
 * for, and leads from `/{owner}/{repo}` to the page of releases. What any route has, also one of an extension, is the
 * route's.
 */
@Injectable()
export class RepositoryAddresses {
  private reserved: ReadonlySet<string> | undefined;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly repository: Repository,
    private readonly publicUrl: PublicUrl,
    private readonly problems: ProblemFilter,
    private readonly admission: Admission,
  ) {}

  /** A listener that passes on to `next` what it does not answer, with the address that routes have. */
  before(next: RequestListener): RequestListener {
    return (request, response) => {
      try {
        if (this.route(request, response)) return;
      } catch (error) {
        this.problems.answer(error, request, response);
        return;
      }
      next(request, response);
    };
  }

  /** Whether it is answered. */
  private route(request: Routed, response: ServerResponse): boolean {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const { path } = contextOf(request);
    const [prefix, owner = '', name = ''] = REPOSITORY.exec(path) ?? [];
    if (prefix === undefined || !this.repository.answers(owner, name)) return false;
    const rest = path.slice(prefix.length);
    const isRoot = rest === '' || rest === '/';
    if (!isRoot && !PERMALINK.test(rest)) return false;
    if (hasRoute(this.app, path)) return false;
    if (isRoot) return this.leadToReleases(request, response, prefix);
    const { url = '' } = request;
    request.originalUrl = url;
    request.url = rest + url.slice(url.indexOf(path) + path.length);
    return false;
  }

  /** Not for a program that asks for something else than this repository: it missed an address. */
  private leadToReleases(request: Routed, response: ServerResponse, prefix: string): boolean {
    const isOwn = prefix.toLowerCase() === `/${this.repository.fullName}`.toLowerCase();
    if (!isOwn && (this.isReserved(prefix) || !asksForPage(request))) return false;
    if (this.admission.closesReads) {
      this.admission.identify(request, response).then(
        () => this.redirect(request, response, prefix),
        (error: unknown) => this.problems.answer(error, request, response),
      );
    } else this.redirect(request, response, prefix);
    return true;
  }

  private redirect(request: IncomingMessage, response: ServerResponse, prefix: string): void {
    const url = `${this.publicUrl.baseFor(request)}${prefix}/releases`;
    const headers = ['Location', url, 'Cache-Control', 'no-cache', 'Vary', 'Accept', 'Content-Length', '0'];
    sendHead(response, 302, headers);
    response.end();
  }

  private isReserved(prefix: string): boolean {
    this.reserved ??= firstSegments(this.app);
    return this.reserved.has(prefix.split('/')[1]?.toLowerCase() ?? '');
  }

  private get app(): Application {
    return this.host.httpAdapter.getInstance<Application>();
  }
}

/** As a browser does, which gets errors as pages too. */
function asksForPage(request: IncomingMessage): boolean {
  return accepts(request).type(['application/json', 'text/html']) === 'text/html';
}
