import { type Digest, digestOf } from '#image-ref';

import {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';

/** A source that holds what it is given: the twin of the registry for tests. Counts what it was asked. */
export class InMemorySignatureSource extends SignatureSource {
  readonly #manifests = new Map<string, SourceManifest>();
  readonly #referrers = new Map<Digest, SourceDescriptor[]>();
  readonly #blobs = new Map<Digest, Uint8Array>();
  /** `manifest <reference>`, `referrers <digest>`, `blob <digest>`, in order. */
  readonly asked: string[] = [];

  addManifest(manifest: SourceManifest, tag?: string): void {
    this.#manifests.set(manifest.digest, manifest);
    if (tag !== undefined) this.#manifests.set(tag, manifest);
  }

  addReferrer(subject: Digest, descriptor: SourceDescriptor): void {
    this.#referrers.set(subject, [...(this.#referrers.get(subject) ?? []), descriptor]);
  }

  addBlob(bytes: Uint8Array): Digest {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return digest;
  }

  async manifest(
    _repository: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<SourceManifest | undefined> {
    this.#ask(`manifest ${reference}`, signal);
    return this.#manifests.get(reference);
  }

  async referrers(
    _repository: Repository,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<readonly SourceDescriptor[]> {
    this.#ask(`referrers ${subject}`, signal);
    return this.#referrers.get(subject) ?? [];
  }

  async blob(
    _repository: Repository,
    { digest }: SourceDescriptor,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    this.#ask(`blob ${digest}`, signal);
    const bytes = this.#blobs.get(digest);
    if (bytes !== undefined && bytes.length > maxBytes)
      throw new RangeError(`expected at most ${maxBytes} bytes`);
    return bytes;
  }

  #ask(question: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    this.asked.push(question);
  }
}
