import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { type PlainAnswer, sendPlain, sendToxic, type Toxic } from './toxic-answer.js';
import { VirtualApi } from './virtual-registry-api.js';
import { type RegistryAuth, TOKEN_PATH, VirtualAuth } from './virtual-registry-auth.js';
import type { ServerCertificate } from './virtual-registry-certificate.js';
import { VirtualContent } from './virtual-registry-content.js';
import type { ContentDescriptor, PushedManifest, RegistryContent } from './virtual-registry-images.js';
import { Journal } from './virtual-registry-journal.js';

export interface VirtualRegistryOptions {
  /** False: 404 in plain text, as registries before OCI 1.1 answer. Default true. */
  readonly referrersApi?: boolean;
  readonly referrersPageSize?: number;
  readonly auth?: RegistryAuth;
  readonly tls?: ServerCertificate & { readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' };
  /** Before each answer: what one round trip costs. */
  readonly latencyMs?: number;
}

/** Where a registry goes wrong. */
export interface Misbehaviour {
  /** Path and query that it concerns. */
  readonly path: RegExp;
  readonly method?: string;
  /** Only the nth matching request, from 1; default: every one. */
  readonly nth?: number;
  readonly toxic: Toxic;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** An OCI 1.1 registry in this process, with a token server, a journal, and misbehaviour on request. */
export class VirtualRegistry implements RegistryContent {
  /** `127.0.0.1:port`, as in an image's name. */
  readonly host: string;
  readonly origin: string;
  readonly journal = new Journal();
  readonly content: VirtualContent;
  readonly auth: VirtualAuth;
  readonly #server: Server;
  readonly #api: VirtualApi;
  readonly #latencyMs: number;
  readonly #misbehaviours: (Misbehaviour & { seen: number })[] = [];

  private constructor(server: Server, options: VirtualRegistryOptions) {
    const { port } = server.address() as AddressInfo; // listening on TCP, so it is one
    this.host = `127.0.0.1:${port}`;
    this.origin = `${options.tls === undefined ? 'http' : 'https'}://${this.host}`;
    this.content = new VirtualContent();
    this.auth = new VirtualAuth(options.auth ?? { kind: 'none' });
    this.#server = server;
    this.#latencyMs = options.latencyMs ?? 0;
    this.#api = new VirtualApi(this.content, {
      referrersApi: options.referrersApi ?? true,
      referrersPageSize: options.referrersPageSize ?? 100,
    });
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#serve(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
  }

  /** Listens on a free port of 127.0.0.1. */
  static async start(options: VirtualRegistryOptions = {}): Promise<VirtualRegistry> {
    const server =
      options.tls === undefined
        ? createServer()
        : createTlsServer({ ...options.tls, minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' });
    await new Promise<void>((resolve, reject) =>
      server.once('error', reject).listen(0, '127.0.0.1', resolve),
    );
    return new VirtualRegistry(server, options);
  }

  /** Goes wrong from now on; the first misbehaviour that fits a request is the one that happens. */
  misbehave(misbehaviour: Misbehaviour): void {
    this.#misbehaviours.push({ ...misbehaviour, seen: 0 });
  }

  /** Behaves again. */
  behave(): void {
    this.#misbehaviours.length = 0;
  }

  pushBlob(path: string, bytes: Uint8Array, mediaType?: string): Promise<ContentDescriptor> {
    return this.content.pushBlob(path, bytes, mediaType);
  }

  pushManifest(path: string, manifest: PushedManifest): Promise<ContentDescriptor> {
    return this.content.pushManifest(path, manifest);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    response.on('error', () => undefined);
    const answered = this.journal.open({ method, path: url, headers });
    const body = await readAll(request);
    if (this.#latencyMs > 0) await sleep(this.#latencyMs);
    const answer = this.#answer({ method, url: new URL(url, this.origin), headers, body });
    const toxic = this.#toxicFor(method, url);
    // Noted before the last byte leaves: a client's next request must not be there before this one's end.
    if (toxic === undefined) {
      answered(answer.status);
      sendPlain(response, answer);
    } else answered(await sendToxic(response, answer, toxic));
  }

  #answer(request: {
    method: string;
    url: URL;
    headers: IncomingMessage['headers'];
    body: Buffer;
  }): PlainAnswer {
    const { method, url, headers, body } = request;
    const { authorization } = headers;
    const auth = { authorization, url, origin: this.origin };
    if (url.pathname === TOKEN_PATH) return this.auth.token(auth);
    const repository = /^\/v2\/(.+)\/(?:manifests|blobs|referrers|tags)\//.exec(url.pathname)?.[1] ?? '';
    const action = method === 'GET' || method === 'HEAD' ? 'pull' : 'push';
    const challenge = this.auth.challenge(auth, repository.replace(/\/blobs$/, ''), action);
    return challenge ?? this.#api.answer({ method, url, contentType: headers['content-type'] ?? '', body });
  }

  #toxicFor(method: string, path: string): Toxic | undefined {
    for (const misbehaviour of this.#misbehaviours) {
      if ((misbehaviour.method ?? method) !== method || !misbehaviour.path.test(path)) continue;
      misbehaviour.seen += 1;
      if (misbehaviour.nth === undefined || misbehaviour.nth === misbehaviour.seen) return misbehaviour.toxic;
    }
    return undefined;
  }
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) throw new Error('the body is too long for a test');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
