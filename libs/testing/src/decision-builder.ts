import type { DecidedImage, DecisionRecord } from '#contracts';

const DIGEST = `sha256:${'1f'.repeat(32)}`;

/** One image of a decision: admitted with proof, unless the fields say otherwise. */
export function aDecidedImage(fields: Partial<DecidedImage> = {}): DecidedImage {
  return {
    image: 'ghcr.io/acme/api:1.4.2',
    sites: ['/spec/containers/0/image'],
    outcome: 'admitted',
    ground: 'verified',
    digest: DIGEST,
    rule: { index: 3, pattern: 'ghcr.io/acme/*:*' },
    validator: { name: 'acme-cosign', type: 'cosign' },
    ...fields,
  };
}

/** An admitted Pod with one image, seen by `/mutate`. */
export function anAdmission(fields: Partial<DecisionRecord> = {}): DecisionRecord {
  return {
    v: 1,
    uid: '6b1f1c9e-44a3-4a3c-9f0e-3a1c0f4b1a77',
    time: Date.UTC(2026, 10, 20, 8, 30, 0, 123),
    cluster: '0f8b3c1e-cluster',
    gateway: 'connaisseur-gateway-7d9f',
    phase: 'mutate',
    allowed: true,
    wouldDeny: false,
    result: 'admitted',
    mode: 'enforce',
    dryRun: false,
    operation: 'CREATE',
    kind: 'Pod',
    namespace: 'shop',
    name: 'api-7d9',
    images: [aDecidedImage()],
    imageCount: 1,
    tookMs: 12.6,
    revision: 'a1b2c3d4e5f6',
    ...fields,
  };
}

/** The same Pod, refused: its image is signed by a key that nobody trusts. */
export function aDenial(fields: Partial<DecisionRecord> = {}): DecisionRecord {
  return anAdmission({
    allowed: false,
    wouldDeny: true,
    result: 'refused',
    code: 'CNS-1004',
    message: 'CNS-1004 ghcr.io/acme/api:1.4.2 is signed, but not by a trusted key',
    images: [
      {
        image: 'ghcr.io/acme/api:1.4.2',
        sites: ['/spec/containers/0/image'],
        outcome: 'refused',
        code: 'CNS-1004',
        message: 'is signed, but not by a trusted key',
        rule: { index: 3, pattern: 'ghcr.io/acme/*:*' },
        validator: { name: 'acme-cosign', type: 'cosign' },
      },
    ],
    ...fields,
  });
}
