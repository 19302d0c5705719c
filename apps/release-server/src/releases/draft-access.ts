import type { IncomingMessage } from 'node:http';

import { Injectable } from '@nestjs/common';

import { AuthError, Permissions, Principals, type Principal } from '#auth';
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
    if (principal === undefined) return [];
    const seen: Release[] = [];
    for (const draft of drafts) if (await this.mayPublish(principal, draft)) seen.push(draft);
    return seen.length === drafts.length ? drafts : seen;
  }

  private async mayPublish(principal: Principal, { tag }: Release): Promise<boolean> {
    try {
      await this.permissions.require(principal, 'publish', folderOf(tag));
      return true;
    } catch (error) {
      if (error instanceof AuthError && error.code === 'forbidden') return false;
      throw error;
    }
  }
}
