import { createHash } from 'node:crypto';

import { entryBody, type EntryKind, type LoggedSignature } from './cosign-signer-entry.js';
import { SigningKey, type SigningKeyKind } from './cosign-signer-key.js';
import type { RekorBundle, TlogEntry, VirtualLog } from './virtual-log.js';
import type { TestLayer } from './virtual-registry-images.js';

/** One thing that is wrong with a signature; everything else about it is right. */
export type SignatureFault =
  /** Signed for a digest that differs in one digit, which somebody put right afterwards. */
  | 'payload-edited'
  | 'signature-byte'
  /** Properly signed, for another digest. */
  | 'other-digest'
  /** Properly signed, as something that is no image signature. */
  | 'claim-type'
  | 'log-other-artifact'
  | 'log-other-signature'
  | 'log-other-key'
  | 'log-promise';

export interface SignOptions {
  readonly digest: string;
  readonly log?: VirtualLog | undefined;
  readonly fault?: SignatureFault | undefined;
}

/** A Sigstore bundle of version 0.3 as JSON: mutable on purpose, so that a test can break one thing. */
export interface CosignBundle {
  mediaType: string;
  verificationMaterial: { publicKey?: { hint: string }; tlogEntries?: TlogEntry[] };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
}

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * Signs images as cosign does, in both formats and with every kind of key, without cosign; wrongly in one place, where
 * asked to.
 */
export class CosignSigner {
  readonly key: SigningKey;

  constructor(kind: SigningKeyKind = 'P-256', { ecdsaHash }: { readonly ecdsaHash?: string } = {}) {
    this.key = new SigningKey(kind, ecdsaHash);
  }

  /** A layer for the tag `sha256-<hex>.sig`. */
  signLegacy(
    options: SignOptions & {
      readonly repository: string;
      readonly optional?: Readonly<Record<string, unknown>> | null;
    },
  ): TestLayer {
    const { digest, repository, optional = null, log, fault } = options;
    const payloadFor = (vouched: string): Buffer =>
      Buffer.from(
        JSON.stringify({
          critical: {
            identity: { 'docker-reference': repository },
            image: { 'docker-manifest-digest': vouched },
            type: fault === 'claim-type' ? 'atomic container signature' : 'cosign container image signature',
          },
          optional,
        }),
      );
    const payload = payloadFor(signedDigest(digest, fault));
    const signature = this.key.sign(payload);
    return {
      bytes: fault === 'payload-edited' ? payloadFor(digest) : payload,
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
      annotations: {
        'dev.cosignproject.cosign/signature': withFault(signature, fault).toString('base64'),
        ...(log === undefined
          ? {}
          : {
              'dev.sigstore.cosign/bundle': JSON.stringify(this.#logLegacy(log, payload, signature, fault)),
            }),
      },
    };
  }

  /** A bundle for an OCI 1.1 referrer. */
  signBundle(options: SignOptions & { readonly entryKind?: EntryKind }): CosignBundle {
    const { digest, log, fault, entryKind = 'dsse 0.0.1' } = options;
    const payloadFor = (vouched: string): Buffer =>
      Buffer.from(
        JSON.stringify({
          _type: 'https://in-toto.io/Statement/v1',
          subject: [{ digest: { sha256: vouched.slice('sha256:'.length) }, annotations: {} }],
          predicateType:
            fault === 'claim-type' ? 'https://slsa.dev/provenance/v1' : 'https://sigstore.dev/cosign/sign/v1',
          predicate: {},
        }),
      );
    const payload = payloadFor(signedDigest(digest, fault));
    const signature = this.key.sign(pae(payload));
    return {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: {
        publicKey: { hint: createHash('sha256').update(this.key.spki).digest('base64') },
        ...(log === undefined
          ? {}
          : { tlogEntries: [this.#logBundle(log, payload, signature, entryKind, fault)] }),
      },
      dsseEnvelope: {
        payload: (fault === 'payload-edited' ? payloadFor(digest) : payload).toString('base64'),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig: withFault(signature, fault).toString('base64') }],
      },
    };
  }

  #logLegacy(
    log: VirtualLog,
    payload: Buffer,
    signature: Buffer,
    fault: SignatureFault | undefined,
  ): RekorBundle {
    const entry = log.append(entryBody('hashedrekord 0.0.1', this.#logged(payload, signature, fault)));
    const bundle = log.legacyBundle(entry);
    if (fault === 'log-promise') bundle.Payload.integratedTime -= 1;
    return bundle;
  }

  #logBundle(
    log: VirtualLog,
    payload: Buffer,
    signature: Buffer,
    kind: EntryKind,
    fault: SignatureFault | undefined,
  ): TlogEntry {
    const data = kind === 'dsse 0.0.1' ? payload : pae(payload);
    const entry = log.tlogEntry(log.append(entryBody(kind, this.#logged(data, signature, fault))));
    if (fault === 'log-promise') entry.integratedTime = String(Number(entry.integratedTime) - 1);
    return entry;
  }

  /** What is logged: the truth, but for the fault. */
  #logged(data: Buffer, signature: Buffer, fault: SignatureFault | undefined): LoggedSignature {
    return {
      data: fault === 'log-other-artifact' ? Buffer.from('something else') : data,
      hash: this.key.hash,
      signature: fault === 'log-other-signature' ? this.key.sign(Buffer.from('something else')) : signature,
      spki: fault === 'log-other-key' ? new SigningKey(this.key.kind).spki : this.key.spki,
    };
  }
}

/** DSSE v1, "PAE". */
function pae(payload: Buffer): Buffer {
  const type = Buffer.from(PAYLOAD_TYPE);
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.length} `),
    type,
    Buffer.from(` ${payload.length} `),
    payload,
  ]);
}

function signedDigest(digest: string, fault: SignatureFault | undefined): string {
  if (fault === 'other-digest') return `sha256:${'d'.repeat(64)}`;
  if (fault !== 'payload-edited') return digest;
  return digest.slice(0, -1) + (digest.endsWith('0') ? '1' : '0');
}

function withFault(signature: Buffer, fault: SignatureFault | undefined): Buffer {
  if (fault !== 'signature-byte') return signature;
  const changed = Buffer.from(signature);
  // Inside the last number, never in the structure.
  changed[signature.length - 4] = (signature[signature.length - 4] ?? 0) ^ 1;
  return changed;
}
