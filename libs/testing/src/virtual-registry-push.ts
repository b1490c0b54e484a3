import { digestOf } from '#image-ref';

import type { ContentDescriptor, PushedManifest, RegistryContent } from './virtual-registry-images.js';

/** Pushes over HTTP to any registry; distribution-spec 1.1, "Push". */
export class RegistryPusher implements RegistryContent {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(base: string, headers: Readonly<Record<string, string>> = {}) {
    this.#base = base;
    this.#headers = headers;
  }

  async pushBlob(
    path: string,
    bytes: Uint8Array,
    mediaType = 'application/octet-stream',
  ): Promise<ContentDescriptor> {
    const digest = digestOf(bytes);
    const begun = await this.#send('POST', `/v2/${path}/blobs/uploads/`, 202);
    const location = new URL(begun.headers.get('location') ?? '', this.#base);
    location.searchParams.set('digest', digest);
    await this.#send('PUT', location.href, 201, { bytes, type: 'application/octet-stream' });
    return { mediaType, digest, size: bytes.byteLength };
  }

  async pushManifest(path: string, { bytes, mediaType, tag }: PushedManifest): Promise<ContentDescriptor> {
    const digest = digestOf(bytes);
    await this.#send('PUT', `/v2/${path}/manifests/${tag ?? digest}`, 201, { bytes, type: mediaType });
    return { mediaType, digest, size: bytes.byteLength };
  }

  async #send(
    method: string,
    path: string,
    expected: number,
    body?: { readonly bytes: Uint8Array; readonly type: string },
  ): Promise<Response> {
    const response = await fetch(new URL(path, this.#base), {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': body.type }) },
      ...(body === undefined ? {} : { body: Buffer.from(body.bytes) }),
    });
    const text = await response.text();
    if (response.status !== expected) {
      throw new Error(
        `${method} ${path}: expected ${expected}, got ${response.status} ${text.slice(0, 200)}`,
      );
    }
    return response;
  }
}
