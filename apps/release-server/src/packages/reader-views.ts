import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

import { allows, Permissions, type Access, type Grant } from '#auth';
import { oncePer } from '#releases';
import { PackageReader, StorageError, type Package, type StoreSnapshot } from '#storage';

import { Config } from '../config/config.js';
import { contextOf } from '../server/request-context.js';
import { accessTo } from './access-to.js';

/** Where a reader finds what there is to see. */
export type Snapshots = Pick<PackageReader, 'snapshot' | 'peekSnapshot'>;

/** Grants whose views are kept. */
const MAX_VIEWS = 100;
const MISSING: ReadonlySet<StorageError['code']> = new Set(['package_not_found', 'release_not_found']);

/**
 * What a reader may see where reads ask for a token: all that is stored, or what the patterns of a grant leave of it. Who comes
 * by a signed link has no token, and no more to see than that package.
 */
@Injectable()
export class ReaderViews {
  private readonly views = new LRUCache<string, Snapshots>({ max: MAX_VIEWS });
  private readonly isClosed: boolean;

  constructor(
    private readonly store: PackageReader,
    private readonly permissions: Permissions,
    { read_access: access }: Config,
  ) {
    this.isClosed = access === 'token';
  }

  /**
   * What whoever asks may see: the store itself where that is everything. A writer sees what the grant is for, even without
   * the scope `read`; the permission for each change is asked for by itself.
   */
  of(request: IncomingMessage): Snapshots {
    const { principal, isRead } = contextOf(request);
    const { grant } = principal ?? {};
    const reads = isRead || request.method === 'GET' || request.method === 'HEAD';
    return this.narrowedTo(reads || grant === undefined ? grant : { ...grant, scopes: ['read'] });
  }

  /** What whoever asks may read, also where they write. Rejects with `AuthError` where that is nothing. */
  async toRead(request: IncomingMessage): Promise<Snapshots> {
    await this.require({ scope: 'read' }, request);
    return this.narrowedTo(contextOf(request).principal?.grant);
  }

  private narrowedTo({ packages, releases, scopes = [] }: Partial<Grant> = {}): Snapshots {
    const isNarrow = this.isClosed && (packages !== undefined || releases !== undefined);
    if (!isNarrow) return this.store;
    const key = JSON.stringify([scopes, packages, releases]);
    const known = this.views.get(key);
    if (known !== undefined) return known;
    const view = narrowed(this.store, { packages, releases, scopes });
    this.views.set(key, view);
    return view;
  }

  /** Whether each package asks for a permission of its own. */
  asksFor(request: IncomingMessage): boolean {
    return this.isClosed && contextOf(request).principal !== undefined;
  }

  /** Rejects with `AuthError` where the asker may not read that package, be it there or not. */
  async requireOf(name: string, request: IncomingMessage): Promise<void> {
    await this.require(accessTo('read', name), request);
  }

  /** Finds a package; where there is none to see, what may not be read is forbidden, be it there or not. */
  async finding(
    access: Omit<Access, 'scope'>,
    request: IncomingMessage,
    find: () => Promise<Package>,
  ): Promise<Package> {
    try {
      const found = await find();
      await this.requireOf(found.name, request);
      return found;
    } catch (error) {
      if (error instanceof StorageError && MISSING.has(error.code)) {
        await this.require({ scope: 'read', ...access }, request);
      }
      throw error;
    }
  }

  private async require(access: Access, request: IncomingMessage): Promise<void> {
    if (this.asksFor(request)) await this.permissions.require(contextOf(request).principal, access);
  }
}

function narrowed(store: Snapshots, grant: Grant): Snapshots {
  const ofGrant = oncePer((snapshot: StoreSnapshot) => partOf(snapshot, grant));
  return {
    snapshot: async (options) => ofGrant(await store.snapshot(options)),
    peekSnapshot: () => {
      const known = store.peekSnapshot();
      return known === undefined ? undefined : ofGrant(known);
    },
  };
}

function partOf({ packages, drafts, releases }: StoreSnapshot, grant: Grant): StoreSnapshot {
  const isVisible = ({ name }: Package): boolean => allows(grant, accessTo('read', name));
  return {
    packages: packages.filter(isVisible),
    drafts: drafts.filter(isVisible),
    releases: new Map([...releases].filter(([release]) => allows(grant, { scope: 'read', release }))),
  };
}
