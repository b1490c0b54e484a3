import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { WireRequest } from '#kubernetes';

import { VirtualCluster } from './virtual-cluster.js';
import { TestAuthority } from './virtual-registry-certificate.js';

/** A virtual cluster behind https on a free port of 127.0.0.1. Only the token of now is let in. */
export class VirtualApiServer {
  readonly cluster: VirtualCluster;
  readonly url: string;
  /** PEM: what a client trusts. */
  readonly ca: string;
  token: string;
  readonly #server: Server;

  private constructor(server: Server, cluster: VirtualCluster, ca: string, token: string) {
    this.#server = server;
    this.cluster = cluster;
    this.ca = ca;
    this.token = token;
    this.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`; // listening on TCP, so it is one
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  static async start({ token = 'a-token', cluster = new VirtualCluster() } = {}): Promise<VirtualApiServer> {
    const authority = new TestAuthority('cluster');
    const server = createServer(authority.issue());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new VirtualApiServer(server, cluster, authority.pem, token);
  }

  /** A kubeconfig for this server. */
  kubeconfig({ namespace = 'connaisseur', token = this.token } = {}): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'virtual',
      clusters: [
        {
          name: 'virtual',
          cluster: {
            server: this.url,
            'certificate-authority-data': Buffer.from(this.ca).toString('base64'),
          },
        },
      ],
      users: [{ name: 'virtual', user: { token } }],
      contexts: [{ name: 'virtual', context: { cluster: 'virtual', user: 'virtual', namespace } }],
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (request.headers.authorization !== `Bearer ${this.token}`) {
      response.writeHead(401).end('{"kind":"Status","message":"Unauthorized","code":401}');
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { status, body } = this.cluster.handle(toWire(request, chunks), gone.signal);
    response.writeHead(status, { 'content-type': 'application/json' });
    if (Symbol.asyncIterator in body) {
      response.flushHeaders();
      for await (const event of body as AsyncIterable<unknown>) response.write(`${JSON.stringify(event)}\n`);
      response.end();
    } else response.end(JSON.stringify(body));
  }
}

function toWire({ method, url = '/', headers }: IncomingMessage, chunks: readonly Buffer[]): WireRequest {
  return {
    method: method as WireRequest['method'], // another one is answered with 405
    path: url,
    contentType: headers['content-type'] ?? '',
    ...(chunks.length > 0 && { body: Buffer.concat(chunks).toString('utf8') }),
  };
}
