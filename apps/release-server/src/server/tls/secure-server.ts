import { Server, type ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

import { problemMessage } from '../client-error.js';
import type { ServerCertificate } from './server-certificate.js';

/** Milliseconds for the handshake. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** What is below TLS on the server's side. */
type Wrapping = TLSSocket & { readonly _parent?: Socket };

/** Serves HTTPS, and bounds what comes before there is HTTP. */
export class SecureServer extends Server {
  /** Connections that are not secure yet: Node closes none of them with the others. */
  private readonly handshaking = new Set<Socket>();

  constructor(options: ServerOptions, certificate: ServerCertificate) {
    super({ ...options, ...certificate.context, handshakeTimeout: HANDSHAKE_TIMEOUT_MS });
    certificate.keepUpToDate(this);
    this.on('connection', (socket: Socket) => {
      this.handshaking.add(socket);
      socket.once('close', () => this.handshaking.delete(socket));
    });
    this.on('secureConnection', ({ _parent: below }: Wrapping) => {
      if (below !== undefined) this.handshaking.delete(below);
    });
    // Node's own listener has it answered as HTTP, by TLS that there is not.
    this.removeAllListeners('tlsClientError');
    this.on('tlsClientError', refuse);
  }

  override close(callback?: (error?: Error) => void): this {
    super.close(callback);
    for (const socket of this.handshaking) socket.destroy();
    return this;
  }
}

/** Closes what is no TLS, or none that is wanted; whoever speaks plain HTTP is told so, in it. */
function refuse({ code }: NodeJS.ErrnoException, socket: Wrapping): void {
  if (code === 'ERR_SSL_HTTP_REQUEST') {
    socket._parent?.write(
      problemMessage('bad_request', 'This port speaks HTTPS, and this was plain HTTP: use https://.'),
    );
  }
  socket.destroy();
}
