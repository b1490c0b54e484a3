import { createPublicKey } from 'node:crypto';

import { bundleFromJSON } from '@sigstore/bundle';
import { PublicKeyDetails } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { describe, expect, test } from 'vitest';

import { parsePublicKey } from '#trust';
import {
  type CosignBundle,
  CosignSigner,
  type EntryKind,
  type SignatureFault,
  type TlogEntry,
  VirtualLog,
  type VirtualLogKind,
} from '#testing';

import { readBundle } from './bundle.js';
import { logKeysFor } from './log-keys.js';
import { verifyLogged } from './transparency-log.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const signer = new CosignSigner();
const key = parsePublicKey(signer.key.publicKeyPem);

/**
 * sigstore-js as a second opinion on log proofs: what it refuses we refuse, and what it admits we admit, but for what
 * we check beyond it.
 */
function sigstoreSays(bundle: CosignBundle, log: VirtualLog): boolean {
  const rawBytes = createPublicKey(log.publicKeyPem).export({ format: 'der', type: 'spki' });
  const validFor = { start: new Date(0) };
  const keyDetails =
    log.kind === 'rekor-v1' ? PublicKeyDetails.PKIX_ECDSA_P256_SHA_256 : PublicKeyDetails.PKIX_ED25519;
  const material = toTrustMaterial(
    {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [
        {
          baseUrl: `https://${log.name}`,
          hashAlgorithm: 1,
          publicKey: { rawBytes, keyDetails, validFor },
          logId: { keyId: log.logId },
          checkpointKeyId: undefined,
          operator: '',
        },
      ],
      certificateAuthorities: [],
      ctlogs: [],
      timestampAuthorities: [],
    },
    () => ({ publicKey: createPublicKey(signer.key.publicKeyPem), validFor: () => true }),
  );
  const verifier = new Verifier(material, { ctlogThreshold: 0, tlogThreshold: 1, timestampThreshold: 0 });
  try {
    verifier.verify(toSignedEntity(bundleFromJSON(bundle)));
    return true;
  } catch {
    return false;
  }
}

async function weSay(bundle: CosignBundle, log: VirtualLog): Promise<boolean> {
  const logs = logKeysFor(log.publicKeyPem).map((each) => ({ ...each, name: log.name }));
  try {
    const candidate = readBundle(Buffer.from(JSON.stringify(bundle)));
    if (candidate.kind !== 'signature') return false;
    const { content, signature, logEntries } = candidate.signature;
    await verifyLogged(logEntries, { content, signature, key }, logs, new Date());
    return true;
  } catch {
    return false;
  }
}

type Change = (entry: TlogEntry, other: TlogEntry) => unknown;

describe.each<{ kind: VirtualLogKind; entryKind: EntryKind }>([
  { kind: 'rekor-v1', entryKind: 'dsse 0.0.1' },
  { kind: 'rekor-v2', entryKind: 'hashedrekord 0.0.2' },
])('$kind $entryKind', ({ kind, entryKind }) => {
  const log = new VirtualLog({ kind });
  for (let before = 0; before < 6; before += 1) log.append(Buffer.from(`before ${before}`));

  test.for<{
    name: string;
    fault?: SignatureFault;
    change?: Change;
    we: boolean;
    sigstore: boolean;
    only?: string;
  }>([
    { name: 'nothing wrong', we: true, sigstore: true },
    { name: 'another artifact', fault: 'log-other-artifact', we: false, sigstore: false },
    { name: 'another signature', fault: 'log-other-signature', we: false, sigstore: false },
    { name: 'another key: checked beyond it', fault: 'log-other-key', we: false, sigstore: true },
    {
      name: 'another path',
      change: (entry, other) => (entry.inclusionProof!.hashes = other.inclusionProof!.hashes),
      we: false,
      sigstore: false,
    },
    {
      name: 'another index',
      change: (entry) => (entry.inclusionProof!.logIndex = '1'),
      we: false,
      sigstore: false,
    },
    {
      name: 'another checkpoint',
      change: (entry, other) => (entry.inclusionProof!.checkpoint = other.inclusionProof!.checkpoint),
      we: false,
      sigstore: false,
    },
    {
      name: 'another log',
      change: (entry) => (entry.logId.keyId = Buffer.alloc(32).toString('base64')),
      we: false,
      sigstore: false,
    },
  ])('$name', async ({ fault, change, we, sigstore }) => {
    const bundle = signer.signBundle({ digest: DIGEST, log, entryKind, fault });
    const other = signer.signBundle({ digest: DIGEST, log, entryKind });
    change?.(bundle.verificationMaterial.tlogEntries![0]!, other.verificationMaterial.tlogEntries![0]!);
    expect({ we: await weSay(bundle, log), sigstore: sigstoreSays(bundle, log) }).toEqual({ we, sigstore });
  });
});

test('another promise', async () => {
  const log = new VirtualLog();
  const bundle = signer.signBundle({ digest: DIGEST, log });
  const other = signer.signBundle({ digest: DIGEST, log });
  Object.assign(
    bundle.verificationMaterial.tlogEntries![0]!.inclusionPromise!,
    other.verificationMaterial.tlogEntries![0]!.inclusionPromise,
  );
  expect({ we: await weSay(bundle, log), sigstore: sigstoreSays(bundle, log) }).toEqual({
    we: false,
    sigstore: false,
  });
});
