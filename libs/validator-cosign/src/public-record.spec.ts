import { describe, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { manifestBytes, OCI_MANIFEST, pushArtifact, pushLegacySignature, type TestLayer } from '#testing';
import { type Proof, Trace } from '#validator';

import { CosignValidator, InMemorySignatureSource, sigstoreLogKeys } from './index.js';

/**
 * Two signatures that cosign 2 made and Sigstore's public log accepted, from public documentation: the proof that ours
 * are the bytes of the real world, and that the keys which we ship are the log's.
 */
const BROKER = {
  image: 'snyk/broker:4.169.1-github-com',
  digest: 'sha256:a2ff856b180a532c3e31a90b9788cad567fa05d78c84bccc637de54c6f46ebf2',
  payload: {
    critical: {
      identity: { 'docker-reference': 'index.docker.io/snyk/broker' },
      image: {
        'docker-manifest-digest': 'sha256:a2ff856b180a532c3e31a90b9788cad567fa05d78c84bccc637de54c6f46ebf2',
      },
      type: 'cosign container image signature',
    },
    optional: { tag: '4.169.1-github-com' },
  },
  signature:
    'MEYCIQCQAZzUWjnCEj/FfJqLe8aWhaxZqbsfvSsmI5tbG6nFgAIhALX21eKDyz9sjXt+U+UeFMMAr7Z2WOFwI5oZ1rW4vRAP',
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEd+2mEWyDk8Cmm0CD1Z8jcsXGaQ2i\nsL8pxHrwoIH4DxmdyJ2nzwWaxYfsfZM6NoCRVsgYAVe5GBhFbr6hzcj5gw==',
  set: 'MEUCIEOmElvKK0eC/hvpM9SE66RAekcV6DpF6NSO4Gz5aftrAiEAlQY8lKe1RUqYtCK1WRwWhWT/f/PvyBTJC8qBjgU20kU=',
  payloadHash: 'c9164457f10045415ce20e7b7b3fb88b6f2ca72803d868594d8ece30bda1bf48',
  time: 1698788303,
  logIndex: 46732614,
};
const DEMO = {
  image: 'localhost:5000/demo:artifact1',
  digest: 'sha256:2f0249ebb962c1281b791aafe68ec39caa2751eecad1c6a5042cbdc43548d764',
  payload: {
    critical: {
      identity: { 'docker-reference': 'localhost:5000/demo' },
      image: {
        'docker-manifest-digest': 'sha256:2f0249ebb962c1281b791aafe68ec39caa2751eecad1c6a5042cbdc43548d764',
      },
      type: 'cosign container image signature',
    },
    optional: null,
  },
  signature:
    'MEYCIQDXkREZ7yk7UEYMoYOhgl8LACNeEoWI3zIkc7EM54TolQIhANYkfFQR7OTWRI0kE3w/T1niR8rfKRc4MVFqOeUgoET7',
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEhc7sBROez+HYHd8oPGByXaS6A6xt\nULjNz8U5nGcCKRCPO/ClLWWJoHzgJiHuFkmlhyALCWCgj78R0nklX9Le2g==',
  set: 'MEYCIQDbEDDWL1V1g8wFf0Z5FXiz/CW9v21uaINxQdBGOVRGcgIhAI/MzDV/qUx+d96qnhpx6smUQUfvvEhQRUfYlsIwQ3RR',
  payloadHash: 'bc59dffae964a8135399a8bc1897d79ac216b01007f52cb8e96a053d04395613',
  time: 1754488662,
  logIndex: 357097618,
};
type PublicRecord = typeof BROKER | typeof DEMO;

const PUBLIC_LOG = 'c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d';

const pemOf = ({ key }: PublicRecord): string =>
  `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`;

function layerOf(record: PublicRecord, time = record.time): TestLayer {
  const body = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: record.payloadHash } },
      signature: {
        content: record.signature,
        publicKey: { content: Buffer.from(pemOf(record)).toString('base64') },
      },
    },
  };
  const Payload = {
    body: Buffer.from(JSON.stringify(body)).toString('base64'),
    integratedTime: time,
    logIndex: record.logIndex,
    logID: PUBLIC_LOG,
  };
  return {
    bytes: Buffer.from(JSON.stringify(record.payload)),
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    annotations: {
      'dev.cosignproject.cosign/signature': record.signature,
      'dev.sigstore.cosign/bundle': JSON.stringify({ SignedEntryTimestamp: record.set, Payload }),
    },
  };
}

function check(record: PublicRecord, source: InMemorySignatureSource, trace = new Trace()): Promise<Proof> {
  const trustRoots = [{ name: 'publisher', material: { kind: 'key', pem: pemOf(record) } as const }];
  const validator = new CosignValidator(
    { name: 'public', trustRoots },
    { source, logKeys: sigstoreLogKeys() },
  );
  const options = {
    trustRoot: 'publisher',
    mode: 'mutate',
    verifyInTransparencyLog: true,
    verifySCT: true,
    verificationLevel: 'strict',
    verifyTimestamp: 'always',
  } as const;
  const context = { now: new Date('2026-11-20T00:00:00Z'), signal: new AbortController().signal, trace };
  return validator.bind(options).check(parseImageReference(`${record.image}@${record.digest}`), context);
}

describe.each([
  { name: 'an image of Docker Hub, signed with an annotation', record: BROKER, fetched: 1 },
  { name: 'an image of a local registry', record: DEMO, fetched: 0 },
])('$name', ({ record, fetched }) => {
  test('is admitted under its .sig tag', async () => {
    const source = new InMemorySignatureSource();
    const trace = new Trace();
    await pushLegacySignature(source, 'x', parseImageReference(`x@${record.digest}`).digest!, [
      layerOf(record),
    ]);
    await expect(check(record, source, trace)).resolves.toEqual({ digest: record.digest });
    expect(trace.steps).toContainEqual(
      expect.objectContaining({
        step: 'verify-log',
        ok: true,
        logTime: record.time,
        logIndex: record.logIndex,
      }),
    );
    expect(source.asked.filter((question) => question.startsWith('blob'))).toHaveLength(fetched);
  });

  test('is admitted as a referrer, as cosign 2 stores it on request', async () => {
    const source = new InMemorySignatureSource();
    await pushArtifact(source, 'x', {
      config: { bytes: manifestBytes({}), mediaType: 'application/vnd.dev.cosign.artifact.sig.v1+json' },
      layers: [layerOf(record)],
      subject: {
        mediaType: OCI_MANIFEST,
        digest: parseImageReference(`x@${record.digest}`).digest!,
        size: 652,
      },
    });
    await expect(check(record, source)).resolves.toEqual({ digest: record.digest });
  });

  test('is refused where the log’s promise is for another second', async () => {
    const source = new InMemorySignatureSource();
    const digest = parseImageReference(`x@${record.digest}`).digest!;
    await pushLegacySignature(source, 'x', digest, [layerOf(record, record.time + 1)]);
    await expect(check(record, source)).rejects.toMatchObject({ code: 'CNS-1006' });
  });
});
