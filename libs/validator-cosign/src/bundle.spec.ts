// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { type CosignBundle, CosignSigner } from '#testing';

import { readBundle } from './bundle.js';
import { preAuthenticationEncoding } from './dsse.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const HEX = DIGEST.slice('sha256:'.length);
const signer = new CosignSigner();

type Json = Record<string, unknown>;

function read(change: (bundle: CosignBundle & Json) => unknown): ReturnType<typeof readBundle> {
  const bundle = signer.signBundle({ digest: DIGEST }) as CosignBundle & Json;
  change(bundle);
  return readBundle(Buffer.from(JSON.stringify(bundle)));
}

/** A bundle around a statement: whether its signature holds is not this file's question. */
function withStatement(statement: unknown): (bundle: CosignBundle) => void {
  const text = typeof statement === 'string' ? statement : JSON.stringify(statement);
  return ({ dsseEnvelope }) => {
    dsseEnvelope.payload = Buffer.from(text).toString('base64');
  };
}

const STATEMENT = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ digest: { sha256: HEX } }],
  predicateType: 'https://sigstore.dev/cosign/sign/v1',
  predicate: {},
};

const unreadable = expect.objectContaining({
  name: expect.stringMatching(/^(MalformedSignatureError|TrustError)$/),
});

describe('C36 C42: the envelope around it', () => {
  test.for<{ name: string; change: (bundle: CosignBundle & Json) => unknown; ok: boolean }>([
    { name: 'as cosign writes it', change: () => undefined, ok: true },
    {
      name: 'the other spelling of version 0.3',
      change: (b) => (b.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.3'),
      ok: true,
    },
    {
      name: 'a hint of somebody else’s kind',
      change: (b) => (b.verificationMaterial.publicKey!.hint = 'my key'),
      ok: true,
    },
    {
      name: 'no hint',
      change: (b) => delete (b.verificationMaterial.publicKey as Partial<{ hint: string }>).hint,
      ok: true,
    },
    { name: 'a keyid', change: (b) => (b.dsseEnvelope.signatures[0]!.keyid = 'x'), ok: true },
    { name: 'members of a later version', change: (b) => (b['somethingNew'] = {}), ok: true },
    {
      name: 'version 0.1',
      change: (b) => (b.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1'),
      ok: false,
    },
    {
      name: 'version 0.4',
      change: (b) => (b.mediaType = 'application/vnd.dev.sigstore.bundle.v0.4+json'),
      ok: false,
    },
    { name: 'no media type', change: (b) => delete (b as Partial<CosignBundle>).mediaType, ok: false },
    {
      name: 'key and certificate',
      change: (b) => ((b.verificationMaterial as Json)['certificate'] = { rawBytes: 'AQI=' }),
      ok: false,
    },
    {
      name: 'neither key nor certificate',
      change: (b) => delete b.verificationMaterial.publicKey,
      ok: false,
    },
    {
      name: 'another payload type',
      change: (b) => (b.dsseEnvelope.payloadType = 'application/json'),
      ok: false,
    },
    { name: 'two signatures', change: (b) => b.dsseEnvelope.signatures.push({ sig: 'AQI=' }), ok: false },
    { name: 'no signature', change: (b) => (b.dsseEnvelope.signatures = []), ok: false },
    {
      name: 'a message signature',
      change: (b) => {
        delete (b as Partial<CosignBundle>).dsseEnvelope;
        b['messageSignature'] = {
          messageDigest: { algorithm: 'SHA2_256', digest: 'AQI=' },
          signature: 'AQI=',
        };
      },
      ok: false,
    },
    { name: 'both contents', change: (b) => (b['messageSignature'] = {}), ok: false },
    {
      name: 'C18: a URL-safe signature',
      change: (b) => (b.dsseEnvelope.signatures[0]!.sig = '_-_-'),
      ok: false,
    },
    { name: 'C18: a payload with a line end', change: (b) => (b.dsseEnvelope.payload += '\n'), ok: false },
  ])('$name', ({ change, ok }) => {
    if (ok)
      expect(read(change)).toMatchObject({
        kind: 'signature',
        signature: { format: 'bundle', digests: [DIGEST] },
      });
    else expect(() => read(change)).toThrow(unreadable);
  });

  test('the key that a bundle names is the one of the hint', () => {
    expect(read(() => undefined)).toMatchObject({ signature: { namedKey: signer.key.fingerprint } });
    expect(read((b) => (b.verificationMaterial.publicKey!.hint = 'my key'))).toMatchObject({
      signature: { namedKey: undefined },
    });
  });
});

describe('C37 C38 C39: the statement in it', () => {
  test.for<{ name: string; statement: unknown; is: 'signature' | 'attestation' | 'unreadable' }>([
    { name: 'version 1', statement: STATEMENT, is: 'signature' },
    {
      name: 'version 0.1',
      statement: { ...STATEMENT, _type: 'https://in-toto.io/Statement/v0.1' },
      is: 'signature',
    },
    {
      name: 'ours among several subjects',
      statement: {
        ...STATEMENT,
        subject: [{ digest: { sha512: 'x' } }, { name: 'x', digest: { sha256: HEX } }],
      },
      is: 'signature',
    },
    {
      name: 'provenance',
      statement: { ...STATEMENT, predicateType: 'https://slsa.dev/provenance/v1' },
      is: 'attestation',
    },
    {
      name: 'another kind of document',
      statement: { ...STATEMENT, _type: 'https://example.org/Statement' },
      is: 'unreadable',
    },
    { name: 'no type', statement: { ...STATEMENT, _type: undefined }, is: 'unreadable' },
    { name: 'no predicate type', statement: { ...STATEMENT, predicateType: undefined }, is: 'unreadable' },
    { name: 'no subject', statement: { ...STATEMENT, subject: [] }, is: 'unreadable' },
    { name: 'a null subject', statement: { ...STATEMENT, subject: null }, is: 'unreadable' },
    {
      name: 'only sha512',
      statement: { ...STATEMENT, subject: [{ digest: { sha512: 'x' } }] },
      is: 'unreadable',
    },
    {
      name: 'a subject without digest',
      statement: { ...STATEMENT, subject: [{ name: 'x' }] },
      is: 'unreadable',
    },
    {
      name: 'a digest with its algorithm',
      statement: { ...STATEMENT, subject: [{ digest: { sha256: DIGEST } }] },
      is: 'unreadable',
    },
    {
      name: 'an upper-case digest',
      statement: { ...STATEMENT, subject: [{ digest: { sha256: HEX.toUpperCase() } }] },
      is: 'unreadable',
    },
    {
      name: '2 000 subjects',
      statement: {
        ...STATEMENT,
        subject: Array.from({ length: 2000 }, () => ({ digest: { sha256: HEX } })),
      },
      is: 'unreadable',
    },
    {
      name: 'J11: a subject twice',
      statement: JSON.stringify(STATEMENT).replace('"subject"', '"subject":[],"subject"'),
      is: 'unreadable',
    },
    {
      name: 'J11: a subject in other case',
      statement: { ...STATEMENT, Subject: [{ digest: { sha256: HEX } }] },
      is: 'unreadable',
    },
    { name: 'no JSON', statement: 'hello', is: 'unreadable' },
  ])('$name', ({ statement, is }) => {
    if (is === 'unreadable') expect(() => read(withStatement(statement))).toThrow(unreadable);
    else expect(read(withStatement(statement))).toMatchObject({ kind: is });
  });
});

test('C36: the encoding under the signature counts bytes, not characters', () => {
  // The first line is DSSE's own example.
  expect(
    Buffer.from(
      preAuthenticationEncoding('http://example.com/HelloWorld', Buffer.from('hello world')),
    ).toString(),
  ).toBe('DSSEv1 29 http://example.com/HelloWorld 11 hello world');
  expect(Buffer.from(preAuthenticationEncoding('t\u00fd', Buffer.from('p\u00e4y'))).toString()).toBe(
    'DSSEv1 3 t\u00fd 4 p\u00e4y',
  );
});
