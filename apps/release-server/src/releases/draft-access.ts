import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';

import { AuthError, Permissions, Principals, type Action, type Principal } from '#auth';
import type { Release } from '#releases';
import { folderOf } from '#storage';

/** Who sees drafts: those whose token may publish in them. */
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
    for (const draft of drafts) if (await this.may(principal, 'publish', draft.tag)) seen.push(draft);
    return seen.length === drafts.length ? drafts : seen;
  }

  /**
   * Whether the asker may see that draft. The token is asked for also where there is none, so that a wrong one finds out
   * nothing: not by being counted, either.
   */
  async sees(draft: Release | undefined, request: IncomingMessage): Promise<boolean> {
    const principal = await this.principals.of(request);
    return principal !== undefined && draft !== undefined && this.may(principal, 'publish', draft.tag);
  }

  /** Whether somebody may do this to the release of a tag. */
  async may(principal: Principal, action: Action, tag: string): Promise<boolean> {
    try {
      await this.permissions.require(principal, action, folderOf(tag));
      return true;
    } catch (error) {
      if (error instanceof AuthError && error.code === 'forbidden') return false;
      throw error;
    }
  }
}
