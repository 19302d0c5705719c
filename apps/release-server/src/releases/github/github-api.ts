import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';

import { PublicUrl } from '../../server/public-url.service.js';
import { contextOf } from '../../server/request-context.js';
import { Repository } from '../repository.js';

export const JSON_TYPE = 'application/json; charset=utf-8';

/** Where GitHub Enterprise has the API, and where uploads. */
const ENTERPRISE = /^\/api\/(?:v3|uploads)(?:\/|$)/;

/** The path of one of the two places of the API: at the root, or where GitHub Enterprise has it. */
export type ApiPrefix = '' | '/api/v3';

/** Where the API stands that was asked, and so where links lead. */
export interface ApiAddress {
  /** The root of the server. */
  readonly base: string;
  /** The root of the API. */
  readonly root: string;
  /** Of the repository in the API. */
  readonly repository: string;
  /** Of the repository where uploads go. */
  readonly uploads: string;
}

/** Knows where GitHub's API stands, and as which repository. */
@Injectable()
export class GithubApi {
  constructor(
    private readonly repository: Repository,
    private readonly publicUrl: PublicUrl,
  ) {}

  /** Which of the two places a request asks. */
  prefixOf(request: IncomingMessage): ApiPrefix {
    return ENTERPRISE.test(contextOf(request).path) ? '/api/v3' : '';
  }

  /** The addresses as the client of a request knows them. Throws as `PublicUrl.baseFor`. */
  addressFor(request: IncomingMessage): ApiAddress {
    return this.addressBelow(this.publicUrl.baseFor(request), this.prefixOf(request));
  }

  /** @param base - Of the server. */
  addressBelow(base: string, prefix: ApiPrefix): ApiAddress {
    const { fullName } = this.repository;
    const root = `${base}${prefix}`;
    const uploads = prefix === '' ? root : `${base}/api/uploads`;
    return { base, root, repository: `${root}/repos/${fullName}`, uploads: `${uploads}/repos/${fullName}` };
  }
}
