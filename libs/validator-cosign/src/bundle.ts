import { decodeBase64, type Fingerprint } from '#trust';

import { IN_TOTO_PAYLOAD_TYPE, parseStatement, preAuthenticationEncoding } from './dsse.js';
import { MalformedSignatureError } from './error.js';
import type { Candidate } from './found-signature.js';
import { parseLogEntries } from './log-entry.js';
import { JsonObject } from './json-object.js';

/** Both spellings of the one version that is stored in registries (sigstore_bundle.proto, "media_type"). */
const BUNDLE_MEDIA_TYPES: readonly string[] = [
  'application/vnd.dev.sigstore.bundle.v0.3+json',
  'application/vnd.dev.sigstore.bundle+json;version=0.3',
];
const MATERIALS = ['publicKey', 'certificate', 'x509CertificateChain'] as const;
/** `publicKey.hint` as cosign writes it: base64 of a SHA-256. */
const HINT_BYTES = 32;

/** True for layers and artifacts that hold a Sigstore bundle of version 0.3. */
export function isBundleMediaType(mediaType: string): boolean {
  return BUNDLE_MEDIA_TYPES.includes(mediaType);
}

/**
 * Reads a Sigstore bundle of version 0.3 that holds a DSSE envelope; throws MalformedSignatureError or TrustError. A
 * bundle with a bare message signature signs a file, which no image is, and is refused.
 */
export function readBundle(bytes: Uint8Array): Candidate {
  const bundle = JsonObject.parse(bytes);
  if (!isBundleMediaType(bundle.string('mediaType')))
    throw new MalformedSignatureError('expected a bundle of version 0.3');
  const material = bundle.object('verificationMaterial');
  const namedKey = readNamedKey(material);
  const { payload, signature } = readEnvelope(bundle);
  const statement = parseStatement(payload);
  if (statement.kind === 'attestation') return { kind: 'attestation', format: 'bundle' };
  return {
    kind: 'signature',
    signature: {
      format: 'bundle',
      signature,
      content: { kind: 'dsse', bytes: preAuthenticationEncoding(IN_TOTO_PAYLOAD_TYPE, payload), payload },
      digests: statement.digests,
      namedKey,
      logEntries: () => parseLogEntries(material),
    },
  };
}

function readEnvelope(bundle: JsonObject): { readonly payload: Uint8Array; readonly signature: Uint8Array } {
  if (bundle.has('messageSignature'))
    throw new MalformedSignatureError('expected a DSSE envelope, got a message signature');
  const envelope = bundle.object('dsseEnvelope');
  if (envelope.string('payloadType') !== IN_TOTO_PAYLOAD_TYPE) {
    throw new MalformedSignatureError(`expected payloadType "${IN_TOTO_PAYLOAD_TYPE}"`);
  }
  // One signer for each bundle: of several signatures it would be unclear which one the material and the log are about.
  const [only] = envelope.objects('signatures', 1);
  if (only === undefined) throw new MalformedSignatureError('expected exactly one signature');
  return { payload: envelope.base64('payload'), signature: only.base64('sig') };
}

function readNamedKey(material: JsonObject): Fingerprint | undefined {
  const named = MATERIALS.filter((name) => material.has(name));
  if (named.length !== 1)
    throw new MalformedSignatureError(`expected exactly one of ${MATERIALS.join(', ')}`);
  if (named[0] !== 'publicKey' || !material.object('publicKey').has('hint')) return undefined;
  return asFingerprint(material.object('publicKey').string('hint'));
}

/** A hint of another form is somebody else's convention, not an error. */
function asFingerprint(hint: string): Fingerprint | undefined {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(hint)) return undefined;
  const bytes = decodeBase64(hint);
  return bytes.length === HINT_BYTES ? `SHA256:${Buffer.from(bytes).toString('hex')}` : undefined;
}
