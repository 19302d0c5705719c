import { statSync } from 'node:fs';

import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';

import { watchFiles, type NamedToken, type TokenSource } from '#auth';

import { ConfigError } from './config.error.js';
import { loadValues } from './config.loader.js';
import { Config } from './config.js';
import { tokensFileSchema, type ConfiguredToken } from './token.schema.js';

/**
 * The named tokens of the configuration and those of `tokens_file`, which is read again when it changes. What cannot be used
 * then changes nothing; at the start it is a `ConfigError`.
 */
@Injectable()
export class NamedTokens implements TokenSource, OnApplicationBootstrap, OnApplicationShutdown {
  tokens: readonly NamedToken[];
  private readonly logger = new Logger('auth');
  private stopWatching: (() => void) | undefined;

  constructor(private readonly config: Config) {
    this.tokens = this.read();
  }

  onApplicationBootstrap(): void {
    const { tokens_file: path } = this.config;
    if (path !== undefined) this.stopWatching = watchFiles([path], async () => this.readAgain());
  }

  onApplicationShutdown(): void {
    this.stopWatching?.();
  }

  private read(): readonly NamedToken[] {
    const { tokens, tokens_file: path } = this.config;
    const own = tokens.map(namedToken);
    if (path === undefined) return own;
    const known = new Set(own.map(({ sha256 }) => sha256));
    const further = this.readFile(path).map(namedToken);
    const twice = further.find(({ sha256 }) => known.has(sha256));
    if (twice === undefined) return [...own, ...further];
    throw this.config.problem('tokens_file', `${path}: the hash of ${twice.name} stands in tokens as well`);
  }

  private readFile(path: string): readonly ConfiguredToken[] {
    try {
      // To read a pipe is to wait for who writes into it, and everything with it.
      const isOther = statSync(path, { throwIfNoEntry: false })?.isFile() === false;
      if (isOther) throw new ConfigError(`${path}: expected a file`);
      return loadValues(tokensFileSchema, { CONFIG_PATH: path }).values.tokens;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw this.config.problem('tokens_file', error.message);
    }
  }

  private readAgain(): void {
    let tokens: readonly NamedToken[];
    try {
      tokens = this.read();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.error(
        { event: 'tokens.refused' },
        `the tokens stay as they were, for the new ones cannot be used: ${why}`,
      );
      return;
    }
    const [before, now] = [this.tokens, tokens].map((list) => list.map((one) => JSON.stringify(one)));
    if (before?.join() === now?.join()) return;
    this.tokens = tokens;
    const names = [...new Set(tokens.map(({ name }) => name))];
    this.logger.log(
      { event: 'tokens.read', tokens: names },
      `tokens_file has changed: ${tokens.length} tokens`,
    );
  }
}

function namedToken({ name, hash, expires_at: expiresAt, ...grant }: ConfiguredToken): NamedToken {
  return { name, sha256: hash.slice('sha256:'.length).toLowerCase(), expiresAt, ...grant };
}
