import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ConfigError, TokenVerifier, type Principal } from 'release-server';

interface Team extends Principal {
  /** SHA-256 of its token. */
  readonly digest: Buffer;
}

/**
 * A token for each team, so that audit lines tell who published. The file has a line for each, which is no secret: the
 * token's SHA-256 and the team. A team may have several, as while a token is being changed.
 */
export class TeamTokenVerifier extends TokenVerifier {
  constructor(private readonly teams: readonly Team[]) {
    super();
  }

  /** Reads the file, once. Throws `ConfigError`. */
  static fromFile(path: string): TeamTokenVerifier {
    const lines = readFileSync(path, 'utf8').split('\n');
    return new TeamTokenVerifier(lines.flatMap((line, index) => teamsIn(line, `${path}:${index + 1}`)));
  }

  /** Compares with all of them, and in constant time, so that the time tells nothing. */
  async verify(token: string): Promise<Principal | undefined> {
    const digest = createHash('sha256').update(token).digest();
    const [owner] = this.teams.filter((team) => timingSafeEqual(team.digest, digest));
    return owner && { name: owner.name };
  }
}

function teamsIn(line: string, where: string): Team[] {
  if (/^\s*(#|$)/.test(line)) return [];
  const [, digest, name] = /^([0-9a-f]{64}) +([\w.-]+)$/.exec(line.trim()) ?? [];
  if (digest === undefined || name === undefined) {
    throw new ConfigError(`${where}: expected the SHA-256 of a token and the name of its team`);
  }
  return [{ name, digest: Buffer.from(digest, 'hex') }];
}
