import { type Digest, digestOf } from '#image-ref';
import { type Manifest, parseManifest } from '#registry';

import { toSourceManifest } from './registry-signature-source.js';
import {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';

const HOST = 'in-memory';

/**
 * One repository in memory: what is pushed can be asked for, as a registry with the referrers API has it. The twin of
 * the registry for tests.
 */
export class InMemorySignatureSource extends SignatureSource {
  readonly #manifests = new Map<string, Manifest>();
  readonly #blobs = new Map<Digest, Uint8Array>();
  /** `manifest <reference>`, `referrers <digest>` or `blob <digest>`, in the order in which it was asked. */
  readonly asked: string[] = [];

  async pushBlob(
    _path: string,
    bytes: Uint8Array,
    mediaType = 'application/octet-stream',
  ): Promise<PushedDescriptor> {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  }

  async pushManifest(
    _path: string,
    {
      bytes,
      mediaType,
      tag,
    }: { readonly bytes: Uint8Array; readonly mediaType: string; readonly tag?: string },
  ): Promise<PushedDescriptor> {
    const manifest = parseManifest(bytes, mediaType, HOST);
    this.#manifests.set(manifest.digest, manifest);
    if (tag !== undefined) this.#manifests.set(tag, manifest);
    return { mediaType, digest: manifest.digest, size: bytes.length };
  }

  async manifest(
    _repository: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<SourceManifest | undefined> {
    this.#note(`manifest ${reference}`, signal);
    const manifest = this.#manifests.get(reference);
    return manifest === undefined ? undefined : toSourceManifest(manifest);
  }

  async referrers(
    _repository: Repository,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<readonly SourceDescriptor[]> {
    this.#note(`referrers ${subject}`, signal);
    const tagged = this.#manifests.get(subject.replace(':', '-'));
    const listed = tagged?.kind === 'index' ? tagged.manifests : [];
    const referring = [...this.#manifests.values()].filter(
      (manifest) => manifest.subject?.digest === subject,
    );
    return [...new Map([...listed, ...referring].map((each) => [each.digest, each])).values()];
  }

  async blob(
    _repository: Repository,
    { digest }: SourceDescriptor,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    this.#note(`blob ${digest}`, signal);
    const bytes = this.#blobs.get(digest);
    if (bytes !== undefined && bytes.length > maxBytes)
      throw new RangeError(`expected at most ${maxBytes} bytes`);
    return bytes;
  }

  #note(question: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    this.asked.push(question);
  }
}

interface PushedDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}
