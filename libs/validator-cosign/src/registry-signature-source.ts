import { type Digest, isDigest } from '#image-ref';
import {
  type Manifest,
  type ManifestRole,
  type RegistryClient,
  RegistryError,
  VerificationBudget,
} from '#registry';

import {
  type Repository,
  SignatureSource,
  type SourceDescriptor,
  type SourceManifest,
} from './signature-source.js';

type Client = Pick<RegistryClient, 'manifest' | 'blob' | 'referrers' | 'within'>;

/** Signatures in a registry. Every error but *not found* passes through: it means that nobody could look. */
export class RegistrySignatureSource extends SignatureSource {
  readonly #client: Client;

  constructor(client: Client) {
    super();
    this.#client = client;
  }

  override forOneVerification(): RegistrySignatureSource {
    return new RegistrySignatureSource(this.#client.within(new VerificationBudget()));
  }

  async manifest(
    { host, path }: Repository,
    reference: string,
    signal: AbortSignal,
  ): Promise<SourceManifest | undefined> {
    const target = { host, path, reference, role: roleOf(reference) };
    const manifest = await orNone(this.#client.manifest(target, signal));
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

const SIGNATURES_TAG = /^sha256-[0-9a-f]{64}\.sig$/;

/** What lies there: an image's digest is never fetched, so that a digest is a referrer's. */
function roleOf(reference: string): ManifestRole {
  if (isDigest(reference)) return 'referrer';
  return SIGNATURES_TAG.test(reference) ? 'signatures' : 'image';
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
