import { type Digest, digestOf, isDigest } from '#image-ref';

import type { ContentDescriptor, PushedManifest, RegistryContent } from './virtual-registry-images.js';

/** A stored manifest. */
export interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly digest: Digest;
}

interface Repository {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, Digest>;
  /** Subject digest to the descriptors of its referrers, oldest first. */
  readonly referrers: Map<string, Map<string, object>>;
}

/** What a virtual registry holds: no network, no rules but those of content addressing. */
export class VirtualContent implements RegistryContent {
  readonly #repositories = new Map<string, Repository>();

  pushBlob(
    path: string,
    bytes: Uint8Array,
    mediaType = 'application/octet-stream',
  ): Promise<ContentDescriptor> {
    const digest = digestOf(bytes);
    this.#repository(path).blobs.set(digest, Buffer.from(bytes));
    return Promise.resolve({ mediaType, digest, size: bytes.byteLength });
  }

  pushManifest(path: string, { bytes, mediaType, tag }: PushedManifest): Promise<ContentDescriptor> {
    const { digest } = this.putManifest(path, Buffer.from(bytes), mediaType, tag);
    return Promise.resolve({ mediaType, digest, size: bytes.byteLength });
  }

  putManifest(path: string, bytes: Buffer, mediaType: string, tag: string | undefined): StoredManifest {
    const manifest = { bytes, mediaType, digest: digestOf(bytes) };
    const repository = this.#repository(path);
    repository.manifests.set(manifest.digest, manifest);
    if (tag !== undefined) repository.tags.set(tag, manifest.digest);
    noteSubject(repository, manifest);
    return manifest;
  }

  blob(path: string, digest: string): Buffer | undefined {
    return this.#repositories.get(path)?.blobs.get(digest);
  }

  manifest(path: string, reference: string): StoredManifest | undefined {
    const repository = this.#repositories.get(path);
    const digest = isDigest(reference) ? reference : repository?.tags.get(reference);
    return digest === undefined ? undefined : repository?.manifests.get(digest);
  }

  tags(path: string): readonly string[] {
    return [...(this.#repositories.get(path)?.tags.keys() ?? [])].toSorted();
  }

  referrers(path: string, digest: string): readonly object[] {
    return [...(this.#repositories.get(path)?.referrers.get(digest)?.values() ?? [])];
  }

  deleteManifest(path: string, reference: string): boolean {
    const repository = this.#repositories.get(path);
    if (repository === undefined) return false;
    if (repository.tags.delete(reference)) return true;
    for (const listed of repository.referrers.values()) listed.delete(reference);
    return repository.manifests.delete(reference);
  }

  #repository(path: string): Repository {
    const known = this.#repositories.get(path);
    if (known !== undefined) return known;
    const repository = { blobs: new Map(), manifests: new Map(), tags: new Map(), referrers: new Map() };
    this.#repositories.set(path, repository);
    return repository;
  }
}

/** distribution-spec 1.1, "Pushing Manifests with Subject" and "Listing Referrers". */
function noteSubject(repository: Repository, { bytes, mediaType, digest }: StoredManifest): void {
  const document = parseLoosely(bytes);
  const subject = document?.subject?.digest;
  if (typeof subject !== 'string') return;
  const descriptor = {
    mediaType,
    digest,
    size: bytes.byteLength,
    artifactType: document?.artifactType ?? document?.config?.mediaType,
    ...(document?.annotations === undefined ? {} : { annotations: document.annotations }),
  };
  const listed = repository.referrers.get(subject) ?? new Map<string, object>();
  repository.referrers.set(subject, listed.set(digest, descriptor));
}

interface LooseManifest {
  readonly subject?: { readonly digest?: unknown };
  readonly artifactType?: unknown;
  readonly config?: { readonly mediaType?: unknown };
  readonly annotations?: unknown;
}

/** Tests push what is no manifest at all; a registry in a test takes everything. */
function parseLoosely(bytes: Buffer): LooseManifest | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
