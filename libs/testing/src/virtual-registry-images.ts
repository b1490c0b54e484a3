import { type Digest, digestOf } from '#image-ref';

/** A descriptor as tests write it. */
export interface ContentDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly artifactType?: string;
}

export interface PushedManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly tag?: string;
}

/** Where tests put content: a virtual registry in this process, or any registry over HTTP. */
export interface RegistryContent {
  pushBlob(path: string, bytes: Uint8Array, mediaType?: string): Promise<ContentDescriptor>;
  pushManifest(path: string, manifest: PushedManifest): Promise<ContentDescriptor>;
}

export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** What a test layer holds, and how it is described. */
export interface TestLayer {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Any JSON document as manifest bytes. */
export function manifestBytes(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document), 'utf8');
}

/** Pushes a one-layer image; `content` makes images differ. */
export async function pushImage(
  registry: RegistryContent,
  path: string,
  { tag, content = 'hello' }: { readonly tag?: string; readonly content?: string } = {},
): Promise<ContentDescriptor> {
  const configJson = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: [] },
    config: {},
  };
  return pushArtifact(registry, path, {
    config: { bytes: manifestBytes(configJson), mediaType: 'application/vnd.oci.image.config.v1+json' },
    layers: [{ bytes: Buffer.from(content, 'utf8'), mediaType: 'application/vnd.oci.image.layer.v1.tar' }],
    ...(tag === undefined ? {} : { tag }),
  });
}

/** Pushes an index over manifests that are already there. */
export function pushIndex(
  registry: RegistryContent,
  path: string,
  { manifests, tag }: { readonly manifests: readonly ContentDescriptor[]; readonly tag?: string },
): Promise<ContentDescriptor> {
  const bytes = manifestBytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  return registry.pushManifest(path, { bytes, mediaType: OCI_INDEX, ...(tag === undefined ? {} : { tag }) });
}

/** An artifact in the form of an image manifest; what is not given is the OCI empty descriptor or not there. */
export interface TestArtifact {
  readonly layers: readonly TestLayer[];
  readonly config?: TestLayer;
  readonly artifactType?: string;
  readonly subject?: ContentDescriptor;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly tag?: string;
}

const EMPTY: TestLayer = { bytes: Buffer.from('{}'), mediaType: 'application/vnd.oci.empty.v1+json' };

/** Pushes an artifact, with its layers and config. */
export async function pushArtifact(
  registry: RegistryContent,
  path: string,
  { config = EMPTY, layers, tag, ...rest }: TestArtifact,
): Promise<ContentDescriptor> {
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    ...(rest.artifactType === undefined ? {} : { artifactType: rest.artifactType }),
    config: await pushLayer(registry, path, config),
    layers: await Promise.all(layers.map((layer) => pushLayer(registry, path, layer))),
    ...(rest.subject === undefined ? {} : { subject: rest.subject }),
    ...(rest.annotations === undefined ? {} : { annotations: rest.annotations }),
  };
  const bytes = manifestBytes(document);
  return registry.pushManifest(path, {
    bytes,
    mediaType: OCI_MANIFEST,
    ...(tag === undefined ? {} : { tag }),
  });
}

/** Pushes the `.sig` tag of a digest: one layer for each legacy signature. */
export function pushLegacySignature(
  registry: RegistryContent,
  path: string,
  subject: Digest,
  layers: readonly TestLayer[],
): Promise<ContentDescriptor> {
  return pushArtifact(registry, path, { layers, tag: `${subject.replace(':', '-')}.sig` });
}

/** Pushes the fallback tag that lists the referrers of a digest, as clients do where the API is missing. */
export function pushReferrersTag(
  registry: RegistryContent,
  path: string,
  subject: Digest,
  manifests: readonly ContentDescriptor[],
): Promise<ContentDescriptor> {
  return pushIndex(registry, path, { manifests, tag: subject.replace(':', '-') });
}

async function pushLayer(
  registry: RegistryContent,
  path: string,
  { bytes, mediaType, annotations }: TestLayer,
): Promise<ContentDescriptor> {
  await registry.pushBlob(path, bytes, mediaType);
  const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
  return annotations === undefined ? descriptor : { ...descriptor, annotations };
}
