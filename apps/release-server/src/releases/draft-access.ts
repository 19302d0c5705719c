import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';

import { Permissions, Principals, type Principal } from '#auth';
import type { Release } from '#releases';

/** Who sees drafts: those whose token may publish or overwrite in them. */
@Injectable()
export class DraftAccess {
  constructor(
    private readonly principals: Principals,
    private readonly permissions: Permissions,
  ) {}

  /** Those of the drafts that the asker may see: the very same list where that is all of them. Asks for no token where there are none. */
  async visible(drafts: readonly Release[], request: IncomingMessage): Promise<readonly Release[]> {
    if (drafts.length === 0) return drafts;
    const principal = await this.principals.of(request);
    return principal === undefined ? [] : this.visibleTo(principal, drafts);
  }

  /** The same of somebody who is known. */
  async visibleTo(principal: Principal, drafts: readonly Release[]): Promise<readonly Release[]> {
    const seen: Release[] = [];
    for (const draft of drafts) if (await this.mayWrite(principal, draft.tag)) seen.push(draft);
    return seen.length === drafts.length ? drafts : seen;
  }

  /**
   * Whether the asker may see that draft. The token is asked for also where there is none, so that a wrong one finds out
   * nothing: not by being counted, either.
   */
  async sees(draft: Release | undefined, request: IncomingMessage): Promise<boolean> {
    const principal = await this.principals.of(request);
    return principal !== undefined && draft !== undefined && this.mayWrite(principal, draft.tag);
  }

  /** Whether somebody may change anything in the release of a tag. */
  async mayChange(principal: Principal | undefined, release: string): Promise<boolean> {
    for (const scope of ['publish', 'overwrite', 'delete'] as const) {
      if (await this.permissions.may(principal, { scope, release })) return true;
    }
    return false;
  }

  /** Whether somebody may publish or overwrite in the release of a tag; without one, in any at all. */
  async mayWrite(principal: Principal, release?: string): Promise<boolean> {
    return (
      (await this.permissions.may(principal, { scope: 'publish', release })) ||
      (await this.permissions.may(principal, { scope: 'overwrite', release }))
    );
  }
}
