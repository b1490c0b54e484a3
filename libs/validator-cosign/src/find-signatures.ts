import type { Digest } from '#image-ref';

import { isBundleMediaType, readBundle } from './bundle.js';
import { SIGN_PREDICATE_TYPE } from './dsse.js';
import { MalformedSignatureError } from './error.js';
import { type Candidate, readCandidate } from './found-signature.js';
import { inChunks } from './in-chunks.js';
import { readLegacySignature } from './legacy-signature.js';
import { PayloadReader } from './payload.js';
import type { SignatureSearch, SourceDescriptor, SourceManifest } from './signature-source.js';
import { SIMPLE_SIGNING_MEDIA_TYPE } from './simple-signing.js';

/** In each place; the rest is not looked at, whatever it is (catalogue C41, G28). */
export const MAX_SIGNATURES = 100;
/** Of one referrer: clients write one. */
const MAX_LAYERS = 16;
/** A signature's bundle is about 5 KB. */
const MAX_BUNDLE_BYTES = 65_536;
const CONCURRENCY = 8;
const PREDICATE_ANNOTATION = 'dev.sigstore.bundle.predicateType';
/**
 * Where signatures are likely, in this order. Anything else comes last and is looked at too: clients and registries
 * fill the type in wrongly.
 */
const LIKELY_ARTIFACT_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.oci.empty.v1+json',
  'application/vnd.dev.cosign.artifact.sig.v1+json',
];

/**
 * One place where signatures of an image can lie: yields them in a fixed order, and throws where it could not be looked
 * at to its end.
 */
export interface Place {
  readonly name: string;
  find(search: SignatureSearch): AsyncGenerator<Candidate>;
}

/** Every place; all are asked at once. */
export const PLACES: readonly Place[] = [
  { name: 'the tag sha256-….sig', find: findUnderTag },
  { name: 'the referrers', find: findAmongReferrers },
];

async function* findUnderTag(search: SignatureSearch): AsyncGenerator<Candidate> {
  const { source, repository, subject, signal } = search;
  const manifest = await source.manifest(repository, `${subject.replace(':', '-')}.sig`, signal);
  const layers = manifest?.layers.filter(({ mediaType }) => mediaType === SIMPLE_SIGNING_MEDIA_TYPE) ?? [];
  const payloads = new PayloadReader(search);
  yield* inChunks(layers.slice(0, MAX_SIGNATURES), CONCURRENCY, (layer) =>
    readLayer(layer, search, payloads),
  );
  if (layers.length > MAX_SIGNATURES) yield { kind: 'too-many' };
}

async function* findAmongReferrers(search: SignatureSearch): AsyncGenerator<Candidate> {
  const referrers = await search.source.referrers(search.repository, search.subject, search.signal);
  const likelyFirst = referrers.toSorted((a, b) => likelihood(a) - likelihood(b)).slice(0, MAX_SIGNATURES);
  const payloads = new PayloadReader(search);
  const artifacts = inChunks(likelyFirst, CONCURRENCY, (each) => readReferrer(each, search, payloads));
  let rest = MAX_SIGNATURES;
  for await (const candidates of artifacts) {
    yield* candidates.slice(0, rest);
    rest -= candidates.length;
    if (rest < 0) break;
  }
  if (rest < 0 || referrers.length > MAX_SIGNATURES) yield { kind: 'too-many' };
}

async function readReferrer(
  { digest }: SourceDescriptor,
  search: SignatureSearch,
  payloads: PayloadReader,
): Promise<readonly Candidate[]> {
  const manifest = await search.source.manifest(search.repository, digest, search.signal);
  const layers = signatureLayers(manifest, search.subject);
  const candidates = await Promise.all(
    layers.slice(0, MAX_LAYERS).map((layer) => readLayer(layer, search, payloads)),
  );
  return layers.length > MAX_LAYERS ? [...candidates, { kind: 'too-many' }] : candidates;
}

/**
 * The layers of a referrer that may be signatures. What the list says of it counts for nothing; what it says of itself
 * does.
 */
function signatureLayers(manifest: SourceManifest | undefined, subject: Digest): readonly SourceDescriptor[] {
  if (manifest?.subject !== subject) return [];
  // An attestation's bundle may be megabytes; one that calls itself a signature is read and judged by its content.
  const isAttestation =
    (manifest.annotations.get(PREDICATE_ANNOTATION) ?? SIGN_PREDICATE_TYPE) !== SIGN_PREDICATE_TYPE;
  return manifest.layers.filter(
    ({ mediaType }) =>
      mediaType === SIMPLE_SIGNING_MEDIA_TYPE || (isBundleMediaType(mediaType) && !isAttestation),
  );
}

function readLayer(
  layer: SourceDescriptor,
  { source, repository, signal }: SignatureSearch,
  payloads: PayloadReader,
): Promise<Candidate> {
  if (layer.mediaType === SIMPLE_SIGNING_MEDIA_TYPE) {
    return readCandidate('legacy', () => readLegacySignature(layer, payloads));
  }
  return readCandidate('bundle', async () => {
    if (layer.size > MAX_BUNDLE_BYTES) {
      throw new MalformedSignatureError(`expected a bundle of at most ${MAX_BUNDLE_BYTES} bytes`);
    }
    const bytes = await source.blob(repository, layer, MAX_BUNDLE_BYTES, signal);
    if (bytes === undefined) throw new MalformedSignatureError('the registry does not have the bundle');
    return readBundle(bytes);
  });
}

/** A registry may repeat an artifact's annotations in its list: attestations then come last. */
function likelihood({ artifactType, annotations }: SourceDescriptor): number {
  const predicate = annotations.get(PREDICATE_ANNOTATION);
  if (predicate !== undefined)
    return predicate === SIGN_PREDICATE_TYPE ? -1 : LIKELY_ARTIFACT_TYPES.length + 1;
  const place = LIKELY_ARTIFACT_TYPES.indexOf(artifactType ?? '');
  return place === -1 ? LIKELY_ARTIFACT_TYPES.length : place;
}
