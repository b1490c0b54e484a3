import type { CosignBundle } from './cosign-signer.js';
import {
  type ContentDescriptor,
  manifestBytes,
  pushArtifact,
  pushReferrersTag,
  type RegistryContent,
} from './virtual-registry-images.js';

const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * Pushes a bundle as an OCI 1.1 referrer of its image, as cosign 3 does. The registry's referrers API, or {@link
 * pushReferrersTag}, lists it.
 */
export function pushBundle(
  registry: RegistryContent,
  path: string,
  subject: ContentDescriptor,
  bundle: CosignBundle,
): Promise<ContentDescriptor> {
  return pushArtifact(registry, path, {
    artifactType: BUNDLE_TYPE,
    layers: [{ bytes: manifestBytes(bundle), mediaType: BUNDLE_TYPE }],
    subject,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': 'https://sigstore.dev/cosign/sign/v1',
    },
  });
}

/** Pushes bundles and lists them under the fallback tag, with the artifact type that cosign 3 writes there. */
export async function pushBundlesUnderTag(
  registry: RegistryContent,
  path: string,
  subject: ContentDescriptor,
  bundles: readonly CosignBundle[],
): Promise<void> {
  const pushed = await Promise.all(bundles.map((bundle) => pushBundle(registry, path, subject, bundle)));
  const listed = pushed.map((descriptor) => ({
    ...descriptor,
    artifactType: 'application/vnd.oci.empty.v1+json',
  }));
  await pushReferrersTag(registry, path, subject.digest, listed);
}
