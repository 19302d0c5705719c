import { Logger } from '@nestjs/common';
import { errors, type JWTVerifyGetKey } from 'jose';

import { AuthError } from '../auth.errors.js';
import { fetchJson } from './fetch-json.js';
import { keySetOf, type KeySource } from './key-set.js';

/** Milliseconds for all that is fetched at a time. */
const TIMEOUT_MS = 5000;
/** Milliseconds after which keys are fetched again, so that one that the issuer takes back is not trusted for long. */
const MAX_AGE_MS = 10 * 60_000;
/** Milliseconds between two attempts, whatever tokens ask for. */
const COOLDOWN_MS = 30_000;
/** Milliseconds for which keys are trusted that cannot be fetched again. */
const MAX_STALE_MS = 24 * 60 * 60_000;

/** The keys of an issuer from where it publishes them, kept while it is down. */
export class FetchedKeys implements KeySource {
  private readonly logger = new Logger('auth');
  private keys: JWTVerifyGetKey | undefined;
  /** By `performance.now()`: when the attempt began that brought the keys, and the last one. */
  private fetchedAt = -Infinity;
  private triedAt = -Infinity;
  /** Why the last attempt failed. */
  private failure: string | undefined;
  private fetching: Promise<void> | undefined;

  /** @param uri - Where the keys are; without it, the issuer's discovery document says where. */
  constructor(
    private readonly issuer: string,
    private readonly uri: string | undefined,
  ) {}

  /** Fetches them in advance. A server starts without its issuers, which may be back before anybody asks. */
  async load(): Promise<void> {
    void this.refresh();
  }

  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    if (performance.now() - this.fetchedAt > MAX_AGE_MS) await this.refresh();
    try {
      return await this.trusted()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    }
    // It may be a new key, as after a rotation.
    await this.refresh();
    if (this.failure !== undefined) throw this.unavailable();
    return this.trusted()(header, token);
  };

  private trusted(): JWTVerifyGetKey {
    if (this.keys !== undefined && performance.now() - this.fetchedAt <= MAX_STALE_MS) return this.keys;
    throw this.unavailable();
  }

  private unavailable(): AuthError {
    return new AuthError('token_unavailable', `The keys of ${this.issuer} cannot be had: ${this.failure}`);
  }

  /** Fetches the keys, unless that was tried a moment ago. Never rejects. */
  private async refresh(): Promise<void> {
    if (this.fetching === undefined && performance.now() - this.triedAt >= COOLDOWN_MS) {
      this.fetching = this.fetch().finally(() => (this.fetching = undefined));
    }
    await this.fetching;
  }

  private async fetch(): Promise<void> {
    const now = performance.now();
    this.triedAt = now;
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      this.keys = keySetOf(await fetchJson(this.uri ?? (await this.discover(signal)), signal));
      this.fetchedAt = now;
      if (this.failure !== undefined) this.logger.log(`the keys of ${this.issuer} can be fetched again`);
      this.failure = undefined;
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Where its discovery document says that the keys are (OpenID Connect Discovery 1.0 §4). */
  private async discover(signal: AbortSignal): Promise<string> {
    const address = `${this.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { issuer, jwks_uri: uri } = Object(await fetchJson(address, signal)) as Record<string, unknown>;
    if (issuer !== this.issuer) throw new Error(`${address} is of another issuer`);
    if (typeof uri !== 'string' || !URL.canParse(uri)) throw new Error(`${address} has no jwks_uri`);
    return uri;
  }

  /** An outage is a line in the log, and another where its reason changes. */
  private fail(reason: string): void {
    if (reason === this.failure) return;
    this.failure = reason;
    const effect =
      this.keys === undefined
        ? 'its tokens are refused'
        : 'the keys of the last success are trusted for 24 h after it';
    this.logger.error(`the keys of ${this.issuer} cannot be fetched, ${effect}: ${reason}`);
  }
}
