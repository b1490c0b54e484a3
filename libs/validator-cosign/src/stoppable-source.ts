import type { Digest } from '#image-ref';

import {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';

/**
 * A source that asks nothing more once it was stopped. What is under way is left to its end: cutting an HTTP/1.1
 * request off costs its connection, and with it the next admission's handshake.
 */
export class StoppableSource extends SignatureSource {
  readonly #source: SignatureSource;
  readonly #stop: AbortSignal;

  constructor(source: SignatureSource, stop: AbortSignal) {
    super();
    this.#source = source;
    this.#stop = stop;
  }

  async manifest(
    repository: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<SourceManifest | undefined> {
    this.#stop.throwIfAborted();
    return await this.#source.manifest(repository, reference, signal);
  }

  async referrers(
    repository: Repository,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<readonly SourceDescriptor[]> {
    this.#stop.throwIfAborted();
    return await this.#source.referrers(repository, subject, signal);
  }

  async blob(
    repository: Repository,
    descriptor: SourceDescriptor,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    this.#stop.throwIfAborted();
    return await this.#source.blob(repository, descriptor, maxBytes, signal);
  }
}
