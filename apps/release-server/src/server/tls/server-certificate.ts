import type { SecureContextOptions, Server } from 'node:tls';

import { Logger } from '@nestjs/common';

import { watchFiles } from '#auth';

import type { Config } from '../../config/config.js';
import { KeyPairError, readKeyPair, type KeyPair, type KeyPairFiles } from './key-pair.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How long before its end a certificate is warned of. */
const EXPIRES_SOON_MS = 14 * DAY_MS;

/** The certificate of the server. It is read again when its files change; what cannot be used then changes nothing. */
export class ServerCertificate {
  private readonly logger = new Logger('tls');
  /** What is wrong with the files and has been said. */
  private told: string | undefined;

  private constructor(
    private readonly files: KeyPairFiles,
    private pair: KeyPair,
  ) {}

  /** The one that the configuration names. Throws `ConfigError` where it cannot be used. */
  static async of(config: Config): Promise<ServerCertificate | undefined> {
    if (config.tls === undefined) return undefined;
    try {
      return new ServerCertificate(config.tls, await readKeyPair(config.tls));
    } catch (error) {
      if (!(error instanceof KeyPairError)) throw error;
      throw config.problem('tls', error.message);
    }
  }

  /** For new connections. */
  get context(): SecureContextOptions {
    const { cert, key } = this.pair;
    return { cert, key, minVersion: 'TLSv1.2' };
  }

  /** Gives a server what the files have, while it listens. Its connections keep what they began with. */
  keepUpToDate(server: Server): void {
    server.once('listening', () => {
      const { cert_file, key_file } = this.files;
      this.checkExpiry();
      const daily = setInterval(() => this.checkExpiry(), DAY_MS).unref();
      const stopWatching = watchFiles([cert_file, key_file], () => this.readAgain(server));
      server.once('close', () => {
        clearInterval(daily);
        stopWatching();
      });
    });
  }

  private async readAgain(server: Server): Promise<void> {
    try {
      const pair = await readKeyPair(this.files);
      this.told = undefined;
      if (pair.cert === this.pair.cert && pair.key === this.pair.key) return;
      this.pair = pair;
      server.setSecureContext(this.context);
      this.logger.log({ event: 'tls.read' }, `new connections have the new certificate of ${this.inWords()}`);
      this.checkExpiry();
    } catch (error) {
      const { message } = error as Error;
      if (message === this.told) return;
      this.told = message;
      this.logger.error(
        { event: 'tls.refused' },
        `the certificate of ${this.inWords()} stays in use, for the new one cannot be: ${message}`,
      );
    }
  }

  private checkExpiry(): void {
    const left = this.pair.expires.getTime() - Date.now();
    if (left > EXPIRES_SOON_MS) return;
    const state = left > 0 ? `expires in ${Math.ceil(left / DAY_MS)} days` : 'has expired: clients refuse it';
    this.logger.warn(
      { event: 'tls.expiry', expires_at: this.pair.expires.toISOString() },
      `the certificate in ${this.files.cert_file} of ${this.inWords()} ${state}`,
    );
  }

  private inWords(): string {
    return `${this.pair.names} (until ${this.pair.expires.toISOString()})`;
  }
}
