import { type Digest, digestOf } from '#image-ref';

import {
  assertExactNames,
  type Descriptor,
  type JsonObject,
  malformed,
  parseAnnotations,
  parseDescriptor,
  parseDescriptors,
  parseText,
  unreadable,
} from './descriptor.js';
import { REGISTRY_LIMITS } from './limits.js';
import { essenceOf, type ManifestKind, manifestType } from './media-type.js';
import { isJsonObject, member, parseStrictJson } from './strict-json.js';

interface ManifestBase {
  /** Computed by us over {@link bytes}. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
  readonly annotations: ReadonlyMap<string, string>;
}

/** One image, or an artifact in the form of one. */
export interface ImageManifest extends ManifestBase {
  readonly kind: 'image';
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** A list of manifests. The listed ones were not fetched. */
export interface IndexManifest extends ManifestBase {
  readonly kind: 'index';
  readonly manifests: readonly Descriptor[];
}

/** A document that every runtime reads in the same way, with the digest of exactly the bytes that it was read from. */
export type Manifest = ImageManifest | IndexManifest;

const MEMBERS = [
  'schemaVersion',
  'mediaType',
  'config',
  'layers',
  'manifests',
  'subject',
  'annotations',
  'artifactType',
];

/** The members that make a document an image or an index for some reader; none may be there for the other kind. */
const FOREIGN: Readonly<Record<ManifestKind, readonly string[]>> = {
  image: ['manifests', 'fsLayers', 'history', 'signatures'],
  index: ['config', 'layers', 'fsLayers', 'history', 'signatures'],
};

/** Bytes and their `Content-Type` to manifest; throws RegistryError (malformed, too-large) for anything ambiguous. */
export function parseManifest(
  bytes: Uint8Array,
  contentType: string | undefined,
  host: string,
  maxValues: number = REGISTRY_LIMITS.jsonValuesCount,
): Manifest {
  const document = parseObject(bytes, host, maxValues);
  const mediaType = agreedMediaType(document, essenceOf(contentType), host);
  const type = manifestType(mediaType);
  if (type === undefined || member(document, 'schemaVersion') !== 2) {
    throw malformed(
      host,
      'expected an OCI or Docker v2 schema 2 manifest or index, got another kind of document',
    );
  }
  assertExactNames(document, [...MEMBERS, ...FOREIGN.image], host, 'the manifest');
  if (FOREIGN[type.kind].some((name) => Object.hasOwn(document, name))) {
    throw malformed(host, 'expected either an image manifest or an index, got a document that is both');
  }
  const base = parseBase(document, { bytes, mediaType, host });
  return type.kind === 'image'
    ? {
        ...base,
        kind: 'image',
        config: parseDescriptor(member(document, 'config'), host, 'config'),
        layers: parseDescriptors(member(document, 'layers'), host, 'layers', 'layersCount'),
      }
    : {
        ...base,
        kind: 'index',
        manifests: parseDescriptors(member(document, 'manifests'), host, 'manifests', 'childrenCount'),
      };
}

function parseObject(bytes: Uint8Array, host: string, maxValues: number): JsonObject {
  try {
    const document = parseStrictJson(bytes, maxValues);
    if (isJsonObject(document)) return document;
  } catch (error) {
    throw unreadable(host, 'the manifest', error, maxValues);
  }
  throw malformed(host, 'expected the manifest to be a JSON object');
}

/** The one media type on which header and body agree; image-spec, manifest.md and image-index.md, `mediaType`. */
function agreedMediaType(document: JsonObject, fromHeader: string, host: string): string {
  const fromBody = parseText(document, 'mediaType', host, 'the manifest');
  if (fromBody === fromHeader) return fromHeader;
  if (fromBody === undefined && manifestType(fromHeader)?.needsMediaType === false) return fromHeader;
  throw malformed(host, 'expected Content-Type and mediaType to be the same manifest type');
}

function parseBase(
  document: JsonObject,
  { bytes, mediaType, host }: { bytes: Uint8Array; mediaType: string; host: string },
): ManifestBase {
  const subject = member(document, 'subject');
  return {
    digest: digestOf(bytes),
    mediaType,
    size: bytes.byteLength,
    bytes,
    artifactType: parseText(document, 'artifactType', host, 'the manifest'),
    subject:
      subject === undefined || subject === null ? undefined : parseDescriptor(subject, host, 'subject'),
    annotations: parseAnnotations(member(document, 'annotations'), host, 'the manifest'),
  };
}
