import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { exportJWK, generateKeyPair } from 'jose';
import { OAuth2Issuer, OAuth2Service } from 'oauth2-mock-server';

export const AUDIENCE = 'https://releases.example.org';

/** What GitHub says of a job, in part. */
export const CLAIMS = {
  sub: 'repo:acme/templates:ref:refs/heads/main',
  aud: AUDIENCE,
  repository: 'acme/templates',
  repository_id: 4711,
  ref: 'refs/heads/main',
  run_id: '17',
};

/** An issuer of identity tokens on loopback, whose answers a test can replace. */
export class TestIssuer {
  /** What has been asked for. */
  readonly requests: string[] = [];
  /** Answers in its place. */
  instead: RequestListener | undefined;
  private issuer = new OAuth2Issuer();
  private answer: RequestListener = () => undefined;
  private readonly server = createServer((request, response) => {
    this.requests.push(request.url ?? '');
    (this.instead ?? this.answer)(request, response);
  });

  static async start(algorithm = 'RS256'): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    issuer.server.listen(0, '127.0.0.1');
    await once(issuer.server, 'listening');
    await issuer.rotate(algorithm);
    return issuer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The private key with which it signs. */
  get key(): Record<string, unknown> {
    return this.issuer.keys.toJSON(true)[0] ?? {};
  }

  /** Signs with a new key from now on, and publishes no other. */
  async rotate(algorithm = 'RS256'): Promise<void> {
    this.issuer = new OAuth2Issuer();
    this.issuer.url = this.url;
    const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
    // Its own way to make one does not know the objects of jest's realm.
    await this.issuer.keys.add({ ...(await exportJWK(privateKey)), alg: algorithm, kid: randomUUID() });
    this.answer = new OAuth2Service(this.issuer).requestHandler;
  }

  /** A token with these claims beside or instead of the usual ones; undefined is none. */
  token(claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> {
    return this.issuer.buildToken({
      expiresIn: 300,
      scopesOrTransform: (ownHeader, payload) => {
        Object.assign(ownHeader, header);
        Object.assign(payload, CLAIMS, claims);
      },
    });
  }

  /** What it publishes as its keys. */
  keySet(): string {
    return JSON.stringify({ keys: this.issuer.keys.toJSON() });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((done) => this.server.close(done));
  }
}

/** Gives one answer to all that is asked, as JSON. */
export function always(body: string, status = 200, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => void response.writeHead(status, headers).end(body);
}
