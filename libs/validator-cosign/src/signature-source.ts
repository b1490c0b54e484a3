import type { Digest } from '#image-ref';

/** A repository as references name it. */
export interface Repository {
  readonly host: string;
  readonly path: string;
}

/** What a manifest or an index says of a blob or a manifest. */
export interface SourceDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string | undefined;
  readonly annotations: ReadonlyMap<string, string>;
}

/** A manifest of one of the two kinds in which signatures lie, or of an image; `layers` is empty for an index. */
export interface SourceManifest {
  /** SHA-256 of the bytes that were fetched. */
  readonly digest: Digest;
  readonly layers: readonly SourceDescriptor[];
  readonly subject: Digest | undefined;
  readonly annotations: ReadonlyMap<string, string>;
}

/**
 * All that a cosign verification asks of a registry. *None* is an answer (`undefined`, an empty list) and means that
 * the registry said so; whenever it could not be asked, every method throws. Bytes asked for by digest have that
 * digest.
 */
export abstract class SignatureSource {
  /** The source for one verification, with bounds of its own on what that may cost. */
  forOneVerification(): SignatureSource {
    return this;
  }

  /** The manifest under a tag or a digest; `undefined` where the registry has none. */
  abstract manifest(
    repository: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<SourceManifest | undefined>;
  /** What refers to `subject`, by the referrers API and by the fallback tag, each once. */
  abstract referrers(
    repository: Repository,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<readonly SourceDescriptor[]>;
  /** A blob of at most `maxBytes`; `undefined` where the registry has none. */
  abstract blob(
    repository: Repository,
    descriptor: SourceDescriptor,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined>;
}

/** Which image's signatures are looked for, and where. */
export interface SignatureSearch {
  readonly source: SignatureSource;
  readonly repository: Repository;
  readonly subject: Digest;
  readonly signal: AbortSignal;
}
