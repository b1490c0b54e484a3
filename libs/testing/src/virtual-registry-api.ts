import { randomUUID } from 'node:crypto';

import { digestOf, isDigest } from '#image-ref';

import type { VirtualContent } from './virtual-registry-content.js';
import { OCI_INDEX } from './virtual-registry-images.js';

/** One request, complete. */
export interface ApiRequest {
  readonly method: string;
  readonly url: URL;
  readonly contentType: string;
  readonly body: Buffer;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ApiOptions {
  readonly referrersApi: boolean;
  /** Entries on one page of the referrers API. */
  readonly referrersPageSize: number;
}

interface Route {
  readonly pattern: RegExp;
  readonly methods: Readonly<Record<string, (call: Call) => ApiAnswer>>;
}

interface Call extends ApiRequest {
  readonly path: string;
  readonly rest: string;
}

/** The distribution API 1.1 over a content store. */
export class VirtualApi {
  readonly #content: VirtualContent;
  readonly #options: ApiOptions;
  readonly #uploads = new Map<string, Buffer>();
  readonly #routes: readonly Route[];

  constructor(content: VirtualContent, options: ApiOptions) {
    this.#content = content;
    this.#options = options;
    const manifest = (call: Call): ApiAnswer => this.#manifest(call);
    const blob = (call: Call): ApiAnswer => this.#blob(call);
    this.#routes = [
      {
        pattern: /^\/v2\/(.+)\/manifests\/([^/]+)$/,
        methods: {
          GET: manifest,
          HEAD: manifest,
          PUT: (call) => this.#putManifest(call),
          DELETE: (call) => this.#delete(call),
        },
      },
      { pattern: /^\/v2\/(.+)\/referrers\/([^/]+)$/, methods: { GET: (call) => this.#referrers(call) } },
      { pattern: /^\/v2\/(.+)\/tags\/(list)$/, methods: { GET: (call) => this.#tags(call) } },
      {
        pattern: /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/,
        methods: {
          POST: (call) => this.#beginUpload(call),
          PATCH: (call) => this.#appendUpload(call),
          PUT: (call) => this.#endUpload(call),
        },
      },
      { pattern: /^\/v2\/(.+)\/blobs\/([^/]+)$/, methods: { GET: blob, HEAD: blob } },
    ];
  }

  answer(request: ApiRequest): ApiAnswer {
    if (request.url.pathname === '/v2/') return json(200, {});
    for (const { pattern, methods } of this.#routes) {
      const match = pattern.exec(request.url.pathname);
      if (match === null) continue;
      const handle = methods[request.method];
      const [, path = '', rest = ''] = match;
      return handle === undefined ? failure(405, 'UNSUPPORTED') : handle({ ...request, path, rest });
    }
    return failure(404, 'UNSUPPORTED');
  }

  #manifest({ path, rest }: Call): ApiAnswer {
    const manifest = this.#content.manifest(path, rest);
    if (manifest === undefined) return failure(404, 'MANIFEST_UNKNOWN');
    const headers = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest };
    return { status: 200, headers, body: manifest.bytes };
  }

  #putManifest({ path, rest, body, contentType }: Call): ApiAnswer {
    if (isDigest(rest) && rest !== digestOf(body)) return failure(400, 'DIGEST_INVALID');
    const manifest = this.#content.putManifest(path, body, contentType, isDigest(rest) ? undefined : rest);
    const subject = this.#options.referrersApi ? subjectOf(body) : undefined;
    return created({
      location: `/v2/${path}/manifests/${manifest.digest}`,
      'docker-content-digest': manifest.digest,
      ...(subject === undefined ? {} : { 'oci-subject': subject }),
    });
  }

  #delete({ path, rest }: Call): ApiAnswer {
    return this.#content.deleteManifest(path, rest) ? json(202, {}) : failure(404, 'MANIFEST_UNKNOWN');
  }

  #blob({ path, rest }: Call): ApiAnswer {
    const body = this.#content.blob(path, rest);
    if (body === undefined) return failure(404, 'BLOB_UNKNOWN');
    return {
      status: 200,
      headers: { 'content-type': 'application/octet-stream', 'docker-content-digest': rest },
      body,
    };
  }

  #referrers({ path, rest, url }: Call): ApiAnswer {
    if (!this.#options.referrersApi) {
      return {
        status: 404,
        headers: { 'content-type': 'text/plain' },
        body: Buffer.from('404 page not found\n'),
      };
    }
    const all = this.#content.referrers(path, rest);
    const from = Number(url.searchParams.get('start') ?? 0);
    const until = from + this.#options.referrersPageSize;
    const answer = json(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: all.slice(from, until) });
    const next: Record<string, string> =
      until < all.length ? { link: `<${url.pathname}?start=${until}>; rel="next"` } : {};
    return { ...answer, headers: { 'content-type': OCI_INDEX, ...next } };
  }

  #tags({ path }: Call): ApiAnswer {
    return json(200, { name: path, tags: this.#content.tags(path) });
  }

  #beginUpload({ path, url, body }: Call): ApiAnswer {
    const digest = url.searchParams.get('digest');
    if (digest !== null) return this.#store(path, digest, body);
    const id = randomUUID();
    this.#uploads.set(id, body);
    return {
      status: 202,
      headers: { location: `/v2/${path}/blobs/uploads/${id}`, range: '0-0' },
      body: Buffer.alloc(0),
    };
  }

  #appendUpload({ path, rest, body }: Call): ApiAnswer {
    const bytes = Buffer.concat([this.#uploads.get(rest) ?? Buffer.alloc(0), body]);
    this.#uploads.set(rest, bytes);
    const headers = {
      location: `/v2/${path}/blobs/uploads/${rest}`,
      range: `0-${Math.max(0, bytes.length - 1)}`,
    };
    return { status: 202, headers, body: Buffer.alloc(0) };
  }

  #endUpload({ path, rest, url, body }: Call): ApiAnswer {
    const bytes = Buffer.concat([this.#uploads.get(rest) ?? Buffer.alloc(0), body]);
    this.#uploads.delete(rest);
    return this.#store(path, url.searchParams.get('digest') ?? '', bytes);
  }

  #store(path: string, digest: string, bytes: Buffer): ApiAnswer {
    const stored = digestOf(bytes);
    if (stored.toString() !== digest) return failure(400, 'DIGEST_INVALID');
    // The store resolves at once: it has no I/O.
    void this.#content.pushBlob(path, bytes);
    return created({ location: `/v2/${path}/blobs/${stored}`, 'docker-content-digest': stored });
  }
}

function subjectOf(body: Buffer): string | undefined {
  const digest = /"subject"\s*:\s*\{[^}]*"digest"\s*:\s*"(sha256:[0-9a-f]{64})"/.exec(body.toString('utf8'));
  return digest?.[1];
}

function created(headers: Readonly<Record<string, string>>): ApiAnswer {
  return { status: 201, headers, body: Buffer.alloc(0) };
}

function failure(status: number, code: string): ApiAnswer {
  return json(status, { errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] });
}

function json(status: number, value: unknown): ApiAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
