import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';

import type { LinkState } from '#auth';
import { isFileName, isReleaseTag, nameInRelease, type Package } from '#storage';

import { Config } from '../config/config.js';
import { linkKey } from '../config/link-key.factory.js';
import { contextOf } from '../server/request-context.js';
import { packageUrl } from './package.view.js';

/** Periods in the time for which a link holds: all links that are made in one end together. */
const PERIODS = 4;

/**
 * The addresses of packages in answers to readers. Where reads ask for a token they are signed, and hold for a while without
 * one: for clients that follow a link without what they came with. Each lets somebody read one package, and nothing else.
 */
@Injectable()
export class PackageLinks {
  private readonly key: Buffer | undefined;
  private readonly lifetime: number;

  constructor(config: Config) {
    this.key = config.read_access === 'token' ? linkKey(config) : undefined;
    this.lifetime = Math.floor(config.link_expires / 1000);
  }

  /** Changes when the links of answers have to be made anew; never where they are not signed. */
  get period(): number {
    return this.key === undefined ? 0 : Math.floor(Date.now() / (this.step * 1000));
  }

  /** The absolute address of a package, which holds for no longer than `link_expires`, and for three quarters of it at least. */
  readonly url = (stored: Pick<Package, 'name'>, base: string): string => {
    const url = packageUrl(stored, base);
    if (this.key === undefined) return url;
    const expires = String(Math.floor(this.period * this.step) + this.lifetime);
    return `${url}?expires=${expires}&signature=${signature(this.key, stored.name, expires).toString('base64url')}`;
  };

  /** What the signature in the address of a request is worth; undefined where there is none. */
  state(request: IncomingMessage): LinkState | undefined {
    if (this.key === undefined) return undefined;
    const query = new URLSearchParams(request.url?.split('?', 2)[1]);
    const [given, ...others] = query.getAll('signature');
    if (given === undefined) return undefined;
    const [expires = '', ...more] = query.getAll('expires');
    const name = nameIn(contextOf(request).path);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (others.length > 0 || more.length > 0 || name === undefined || !isRead) return 'wrong';
    const expected = signature(this.key, name, expires);
    const found = Buffer.from(given, 'base64url');
    const isRight = found.length === expected.length && timingSafeEqual(found, expected);
    if (!isRight || given !== found.toString('base64url')) return 'wrong';
    return Number(expires) * 1000 > Date.now() ? 'valid' : 'expired';
  }

  /** Seconds. */
  private get step(): number {
    return this.lifetime / PERIODS;
  }
}

/** HMAC-SHA256 (RFC 2104) of the one thing that is allowed: to GET or HEAD that package, until then. */
function signature(key: Buffer, name: string, expires: string): Buffer {
  return createHmac('sha256', key).update(['GET', name, expires].join('\n')).digest();
}

/** The name of the package whose own address a path is, however that is encoded: a proxy may encode it anew. */
function nameIn(path: string): string | undefined {
  const [, tag, file = ''] = /^(?:\/assets|\/releases\/download\/(.+))\/([^/]+)$/.exec(path) ?? [];
  try {
    const name = decodeURIComponent(file);
    if (!isFileName(name)) return undefined;
    if (tag === undefined) return name;
    const release = decodeURIComponent(tag);
    return isReleaseTag(release) ? nameInRelease(release, name) : undefined;
  } catch {
    return undefined;
  }
}
