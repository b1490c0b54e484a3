import type { Digest } from '#image-ref';
import { type Manifest, type RegistryClient, RegistryError } from '#registry';

import {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';

/** Signatures in a registry. Every error but *not found* passes through: it means that nobody could look. */
export class RegistrySignatureSource extends SignatureSource {
  readonly #client: Pick<RegistryClient, 'manifest' | 'blob' | 'referrers'>;

  constructor(client: Pick<RegistryClient, 'manifest' | 'blob' | 'referrers'>) {
    super();
    this.#client = client;
  }

  async manifest(
    { host, path }: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<SourceManifest | undefined> {
    const manifest = await orNone(this.#client.manifest({ host, path, reference }, signal));
    return manifest === undefined ? undefined : toSourceManifest(manifest);
  }

  async referrers(
    { host, path }: Repository,
    subject: Digest,
    signal: AbortSignal,
  ): Promise<readonly SourceDescriptor[]> {
    // The client asks the API and the fallback tag at once, and answers only when both did.
    const { descriptors } = await this.#client.referrers({ host, path }, subject, signal);
    return descriptors;
  }

  blob(
    { host, path }: Repository,
    descriptor: SourceDescriptor,
    maxBytes: number,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    return orNone(this.#client.blob({ host, path }, descriptor, signal, maxBytes));
  }
}

/** What a parsed manifest says, as far as signatures need it. */
export function toSourceManifest(manifest: Manifest): SourceManifest {
  return {
    digest: manifest.digest,
    layers: manifest.kind === 'image' ? manifest.layers : [],
    subject: manifest.subject?.digest,
    annotations: manifest.annotations,
  };
}

/** *Not found* is the one error that is an answer. */
async function orNone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RegistryError && error.reason === 'not-found') return undefined;
    throw error;
  }
}
