import { createHash } from 'node:crypto';

/** The forms in which logs store a signature: Rekor v1 has the first two, Rekor v2 the last. */
export type EntryKind = 'dsse 0.0.1' | 'hashedrekord 0.0.1' | 'hashedrekord 0.0.2';

/** What an entry is about. */
export interface LoggedSignature {
  readonly data: Buffer;
  readonly hash: string;
  readonly signature: Buffer;
  readonly spki: Buffer;
}

/** An entry's body in RFC 8785 form: the names that we write are in order already. */
export function entryBody(kind: EntryKind, logged: LoggedSignature): Buffer {
  const [name, apiVersion] = kind.split(' ');
  return Buffer.from(JSON.stringify({ apiVersion, kind: name, spec: SPECS[kind](logged) }));
}

const SPECS: Readonly<Record<EntryKind, (logged: LoggedSignature) => object>> = {
  'dsse 0.0.1': ({ data, signature, spki }) => ({
    // The envelope as the client posted it; nobody who verifies offline still has those bytes.
    envelopeHash: { algorithm: 'sha256', value: digest('sha256', signature).toString('hex') },
    payloadHash: { algorithm: 'sha256', value: digest('sha256', data).toString('hex') },
    signatures: [{ signature: signature.toString('base64'), verifier: pemBase64(spki) }],
  }),
  'hashedrekord 0.0.1': ({ data, hash, signature, spki }) => ({
    data: { hash: { algorithm: hash, value: digest(hash, data).toString('hex') } },
    signature: { content: signature.toString('base64'), publicKey: { content: pemBase64(spki) } },
  }),
  'hashedrekord 0.0.2': ({ data, hash, signature, spki }) => ({
    hashedRekordV002: {
      data: { algorithm: `SHA2_${hash.slice('sha'.length)}`, digest: digest(hash, data).toString('base64') },
      signature: {
        content: signature.toString('base64'),
        verifier: { keyDetails: 'PKIX_ECDSA_P256_SHA_256', publicKey: { rawBytes: spki.toString('base64') } },
      },
    },
  }),
};

function digest(algorithm: string, data: Uint8Array): Buffer {
  return createHash(algorithm).update(data).digest();
}

function pemBase64(spki: Buffer): string {
  const lines = spki.toString('base64').match(/.{1,64}/g) ?? [];
  return Buffer.from(`-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`).toString(
    'base64',
  );
}
