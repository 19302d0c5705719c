import { Injectable } from '@nestjs/common';

import { Config } from '../config/config.js';

/** The repository that this server is to clients of GitHub: all of its releases are those of this one. */
@Injectable()
export class Repository {
  readonly owner: string;
  readonly name: string;
  /** `owner/name` */
  readonly fullName: string;
  /** Whether reads ask for a token. */
  readonly isPrivate: boolean;
  private readonly isStrict: boolean;

  constructor({ repository, strict_repository: isStrict, read_access: access }: Config) {
    const [owner = '', name = ''] = repository.split('/');
    this.owner = owner;
    this.name = name;
    this.fullName = repository;
    this.isStrict = isStrict;
    this.isPrivate = access === 'token';
  }

  /** Whether a client that asks for this one is answered: any is, unless `strict_repository` is set. Letter case never matters. */
  answers(owner: string, name: string): boolean {
    return !this.isStrict || `${owner}/${name}`.toLowerCase() === this.fullName.toLowerCase();
  }
}
