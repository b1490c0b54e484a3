/** What a manifest is: one image (or artifact), or a list of manifests. */
export type ManifestKind = 'image' | 'index';

/** The documents that a container runtime pulls by; nothing else is one. `needsMediaType`: the body must name it too. */
const MANIFEST_TYPES: ReadonlyMap<string, { readonly kind: ManifestKind; readonly needsMediaType: boolean }> =
  new Map([
    // image-spec 1.0: `mediaType` SHOULD be there; Docker's v2 schema 2: it is required.
    ['application/vnd.oci.image.manifest.v1+json', { kind: 'image', needsMediaType: false }],
    ['application/vnd.oci.image.index.v1+json', { kind: 'index', needsMediaType: false }],
    ['application/vnd.docker.distribution.manifest.v2+json', { kind: 'image', needsMediaType: true }],
    ['application/vnd.docker.distribution.manifest.list.v2+json', { kind: 'index', needsMediaType: true }],
  ]);

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';

/** The same four in the order of the container runtimes, so that a registry that chooses chooses as for them. */
export const MANIFEST_ACCEPT = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  OCI_INDEX,
  '*/*',
].join(', ');

/** What the media type says about the document, `undefined` for schema 1 and everything else that is no manifest. */
export function manifestType(mediaType: string): { kind: ManifestKind; needsMediaType: boolean } | undefined {
  return MANIFEST_TYPES.get(mediaType);
}

/** `Content-Type` without parameters, lower case. */
export function essenceOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}
