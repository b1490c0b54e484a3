// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { beforeEach, describe, expect, test } from 'vitest';

import { type Digest, parseImageReference } from '#image-ref';
import {
  type ContentDescriptor,
  CosignSigner,
  type EntryKind,
  pushArtifact,
  pushBundle,
  pushBundlesUnderTag,
  pushImage,
  pushLegacySignature,
  type SignatureFault,
  type SigningKeyKind,
  VirtualLog,
} from '#testing';
import { type Proof, type RuleOptions, Trace } from '#validator';

import { CosignValidator, InMemorySignatureSource, type LogKey, logKeysFor } from './index.js';

const REPOSITORY = 'registry.example.org/team/app';
const PATH = 'team/app';
const NOW = new Date('2026-11-20T12:00:00Z');
const log = new VirtualLog({ now: () => NOW });
const alice = new CosignSigner();
const bob = new CosignSigner();
const mallory = new CosignSigner();

const OPTIONS: RuleOptions = {
  trustRoot: 'alice',
  mode: 'mutate',
  verifyInTransparencyLog: true,
  verifySCT: true,
  verificationLevel: 'strict',
  verifyTimestamp: 'always',
};

let source: InMemorySignatureSource;
let image: ContentDescriptor;
let other: ContentDescriptor;

beforeEach(async () => {
  source = new InMemorySignatureSource();
  image = await pushImage(source, PATH, { tag: 'v1' });
  other = await pushImage(source, PATH, { tag: 'v2', content: 'another' });
});

interface Asked {
  readonly options?: Partial<RuleOptions>;
  readonly reference?: string;
  readonly signers?: Readonly<Record<string, CosignSigner>>;
  readonly logKeys?: readonly LogKey[];
  readonly trace?: Trace;
  readonly now?: Date;
}

function check(asked: Asked = {}): Promise<Proof> {
  const trustRoots = Object.entries(asked.signers ?? { alice, bob }).map(([name, { key }]) => ({
    name,
    material: { kind: 'key', pem: key.publicKeyPem } as const,
  }));
  const validator = new CosignValidator(
    { name: 'acme', trustRoots },
    { source, logKeys: asked.logKeys ?? logKeysFor(log.publicKeyPem) },
  );
  return validator
    .bind({ ...OPTIONS, ...asked.options })
    .check(parseImageReference(asked.reference ?? `${REPOSITORY}:v1`), {
      now: asked.now ?? NOW,
      signal: new AbortController().signal,
      trace: asked.trace ?? new Trace(),
    });
}

const refused = (code: string): unknown => expect.objectContaining({ name: 'RefusedError', code });

interface SignedHow {
  readonly format: 'legacy' | 'bundle' | 'bundle under the tag';
  readonly signer?: CosignSigner;
  readonly digest?: Digest;
  readonly fault?: SignatureFault | undefined;
  readonly entryKind?: EntryKind;
  readonly log?: VirtualLog | undefined;
  readonly repository?: string;
  readonly optional?: Record<string, unknown>;
}

async function signImage(how: SignedHow): Promise<void> {
  const { format, signer = alice, repository = REPOSITORY, optional = null } = how;
  const options = { digest: how.digest ?? image.digest, log: 'log' in how ? how.log : log, fault: how.fault };
  if (format === 'legacy') {
    await pushLegacySignature(source, PATH, image.digest, [
      signer.signLegacy({ ...options, repository, optional }),
    ]);
    return;
  }
  const bundle = signer.signBundle({
    ...options,
    ...(how.entryKind === undefined ? {} : { entryKind: how.entryKind }),
  });
  if (format === 'bundle') await pushBundle(source, PATH, image, bundle);
  else await pushBundlesUnderTag(source, PATH, image, [bundle]);
}

describe('an image with a signature is admitted with our digest', () => {
  test.for<{ name: string; how: SignedHow; reference?: string }>([
    { name: 'legacy', how: { format: 'legacy' } },
    { name: 'bundle', how: { format: 'bundle' } },
    { name: 'bundle listed under the fallback tag', how: { format: 'bundle under the tag' } },
    { name: 'bundle logged as hashedrekord', how: { format: 'bundle', entryKind: 'hashedrekord 0.0.1' } },
    {
      name: 'C06: a payload with annotations',
      how: { format: 'legacy', optional: { tag: 'v1', build: '7 & <8>' } },
    },
    {
      name: 'C03: signed under another name of the repository',
      how: { format: 'legacy', repository: 'mirror.example.org/x' },
    },
  ])('$name', async ({ how }) => {
    await signImage(how);
    await expect(check()).resolves.toEqual({ digest: image.digest });
    await expect(check({ reference: `${REPOSITORY}@${image.digest}` })).resolves.toEqual({
      digest: image.digest,
    });
    await expect(check({ reference: `${REPOSITORY}:v2` })).rejects.toEqual(refused('CNS-1003'));
  });

  test('G34 C49: only the digest that the reference resolves to counts', async () => {
    await signImage({ format: 'legacy' });
    await expect(check({ reference: `${REPOSITORY}:v1@${other.digest}` })).rejects.toEqual(
      refused('CNS-1003'),
    );
    await expect(check({ reference: `${REPOSITORY}:v2@${image.digest}` })).resolves.toEqual({
      digest: image.digest,
    });
  });
});

describe('every kind of key, with and without the log', () => {
  test.for<{ kind: SigningKeyKind; ecdsaHash?: string }>([
    { kind: 'P-256' },
    { kind: 'P-384' },
    { kind: 'P-384', ecdsaHash: 'sha256' },
    { kind: 'P-521' },
    { kind: 'P-521', ecdsaHash: 'sha256' },
    { kind: 'RSA-2048' },
    { kind: 'Ed25519' },
    { kind: 'Ed25519ph' },
  ])('$kind', async ({ kind, ecdsaHash }) => {
    const signer = new CosignSigner(kind, ecdsaHash === undefined ? {} : { ecdsaHash });
    const signers = { alice: signer };
    await signImage({ format: 'legacy', signer });
    await expect(check({ signers })).resolves.toEqual({ digest: image.digest });
    await expect(check()).rejects.toEqual(refused('CNS-1004'));
    await signImage({ format: 'bundle', signer, log: undefined, digest: image.digest });
    await expect(check({ signers, options: { verifyInTransparencyLog: false } })).resolves.toEqual({
      digest: image.digest,
    });
  });
});

describe('one thing wrong, and everything else right', () => {
  const formats = ['legacy', 'bundle'] as const;
  const rows = formats.flatMap(
    (format) =>
      [
        { name: `${format}: the twin of all below`, how: { format } },
        { name: `${format} C13: another key`, how: { format, signer: mallory }, code: 'CNS-1004' },
        {
          name: `${format} C01: a digest put right after signing`,
          how: { format, fault: 'payload-edited' },
          code: 'CNS-1004',
        },
        {
          name: `${format} C16: a byte of the signature`,
          how: { format, fault: 'signature-byte' },
          code: 'CNS-1004',
        },
        {
          name: `${format} C01 G34: signed for another digest`,
          how: { format, fault: 'other-digest' },
          code: 'CNS-1005',
        },
        {
          name: `${format} C28: logged for another artifact`,
          how: { format, fault: 'log-other-artifact' },
          code: 'CNS-1006',
        },
        {
          name: `${format} C28: logged with another signature`,
          how: { format, fault: 'log-other-signature' },
          code: 'CNS-1006',
        },
        {
          name: `${format} C28: logged with another key`,
          how: { format, fault: 'log-other-key' },
          code: 'CNS-1006',
        },
        {
          name: `${format} C29: the promise is for another time`,
          how: { format, fault: 'log-promise' },
          code: 'CNS-1006',
        },
        { name: `${format}: not logged`, how: { format, log: undefined }, code: 'CNS-1006' },
        {
          name: `${format} C29: in a log that is not believed`,
          how: { format, log: new VirtualLog() },
          code: 'CNS-1006',
        },
      ] satisfies { name: string; how: SignedHow; code?: string }[],
  );
  test.for<{ name: string; how: SignedHow; code?: string }>([
    ...rows,
    {
      name: 'legacy C04: another claim type',
      how: { format: 'legacy', fault: 'claim-type' },
      code: 'CNS-1004',
    },
    {
      name: 'bundle C37: an attestation is no signature',
      how: { format: 'bundle', fault: 'claim-type' },
      code: 'CNS-1003',
    },
  ])('$name', async ({ how, code }) => {
    await signImage(how);
    if (code === undefined) await expect(check()).resolves.toEqual({ digest: image.digest });
    else await expect(check()).rejects.toEqual(refused(code));
    // Without a log to look at, only what is wrong with the log is forgiven.
    const unlogged = check({ options: { verifyInTransparencyLog: false } });
    if (code === undefined || code === 'CNS-1006')
      await expect(unlogged).resolves.toEqual({ digest: image.digest });
    else await expect(unlogged).rejects.toEqual(refused(code));
  });

  test('C31: the future is not believed', async () => {
    await signImage({ format: 'legacy' });
    await expect(check({ now: new Date(NOW.getTime() - 3_600_000) })).rejects.toEqual(refused('CNS-1006'));
    await expect(check({ now: new Date(NOW.getTime() - 60_000) })).resolves.toEqual({ digest: image.digest });
  });
});

describe('several signatures', () => {
  const twoOf = { trustRoot: '*', threshold: 2 };
  const legacy = (signer: CosignSigner, optional: Record<string, unknown> | null = null) =>
    signer.signLegacy({ repository: REPOSITORY, digest: image.digest, log, optional });

  test.for<{
    name: string;
    layers: () => ReturnType<typeof legacy>[];
    options?: Partial<RuleOptions>;
    code?: string;
  }>([
    { name: 'two signers are two', layers: () => [legacy(alice), legacy(bob)] },
    { name: 'one signer is one', layers: () => [legacy(alice)], code: 'CNS-1008' },
    {
      name: 'C07: one signature listed twice is one',
      layers: () => [legacy(alice)].flatMap((each) => [each, each]),
      code: 'CNS-1008',
    },
    {
      name: 'C08: two payloads of one signer are one',
      layers: () => [legacy(alice), legacy(alice, { n: 1 })],
      code: 'CNS-1008',
    },
    {
      name: 'an unknown signer does not count',
      layers: () => [legacy(alice), legacy(mallory)],
      code: 'CNS-1008',
    },
    { name: 'nor does it spoil the others', layers: () => [legacy(mallory), legacy(alice), legacy(bob)] },
    { name: 'C11: all of two', layers: () => [legacy(alice), legacy(bob)], options: { trustRoot: '*' } },
    { name: 'C11: half of all', layers: () => [legacy(bob)], options: { trustRoot: '*' }, code: 'CNS-1008' },
    {
      name: 'C11: the required one',
      layers: () => [legacy(bob)],
      options: { trustRoot: '*', required: ['bob'] },
    },
    {
      name: 'C11: not the required one',
      layers: () => [legacy(alice)],
      options: { trustRoot: '*', required: ['bob'] },
      code: 'CNS-1004',
    },
  ])('$name', async ({ layers, options = twoOf, code }) => {
    await pushLegacySignature(source, PATH, image.digest, layers());
    if (code === undefined) await expect(check({ options })).resolves.toEqual({ digest: image.digest });
    else await expect(check({ options })).rejects.toEqual(refused(code));
  });

  test('C44: formats add up, and the presence of one does not weaken the other', async () => {
    await signImage({ format: 'legacy', signer: alice });
    await signImage({ format: 'bundle', signer: bob });
    await signImage({ format: 'bundle', signer: mallory });
    await expect(check({ options: twoOf })).resolves.toEqual({ digest: image.digest });
    await expect(check({ options: { trustRoot: 'alice' } })).resolves.toEqual({ digest: image.digest });
    const carol = new CosignSigner();
    await expect(check({ signers: { carol }, options: { trustRoot: 'carol' } })).rejects.toEqual(
      refused('CNS-1004'),
    );
  });

  test('a signature that is no signature does not hide another', async () => {
    const broken = { ...legacy(alice), annotations: { 'dev.cosignproject.cosign/signature': '!' } };
    const empty = { ...legacy(alice), annotations: {} };
    await pushLegacySignature(source, PATH, image.digest, [broken, empty, legacy(alice)]);
    await expect(check()).resolves.toEqual({ digest: image.digest });
    await pushLegacySignature(source, PATH, image.digest, [broken, empty]);
    await expect(check()).rejects.toEqual(refused('CNS-1004'));
  });
});

describe('C40: nothing is no signature', () => {
  test('no .sig tag', async () => {
    await expect(check()).rejects.toEqual(refused('CNS-1003'));
  });

  test('an empty .sig manifest', async () => {
    await pushLegacySignature(source, PATH, image.digest, []);
    await expect(check()).rejects.toEqual(refused('CNS-1003'));
  });

  test('layers of another type', async () => {
    const layer = alice.signLegacy({ repository: REPOSITORY, digest: image.digest, log });
    await pushLegacySignature(source, PATH, image.digest, [
      { ...layer, mediaType: 'application/vnd.dsse.envelope.v1+json' },
    ]);
    await expect(check()).rejects.toEqual(refused('CNS-1003'));
  });

  test('an image that does not exist', async () => {
    await expect(check({ reference: `${REPOSITORY}:v9` })).rejects.toEqual(refused('CNS-1011'));
  });
});

test('G29: a referrer of another image does not count, whatever the list says', async () => {
  const foreign = await pushBundle(source, PATH, other, alice.signBundle({ digest: image.digest, log }));
  await source.pushManifest(PATH, {
    bytes: Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: [foreign],
      }),
    ),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    tag: image.digest.replace(':', '-'),
  });
  await expect(check()).rejects.toEqual(refused('CNS-1003'));
});

describe('C41 G28: what is looked at is bounded', () => {
  const layers = (count: number, last: CosignSigner) =>
    Array.from({ length: count }, (_, index) =>
      (index === count - 1 ? last : mallory).signLegacy({
        repository: REPOSITORY,
        digest: image.digest,
        log,
      }),
    );

  test('the hundredth signature counts, the one after it does not', async () => {
    await pushLegacySignature(source, PATH, image.digest, layers(100, alice));
    await expect(check()).resolves.toEqual({ digest: image.digest });
    await pushLegacySignature(source, PATH, image.digest, layers(101, alice));
    await expect(check()).rejects.toEqual(refused('CNS-1004'));
  });

  test('a payload beyond the bound is not fetched', async () => {
    const layer = alice.signLegacy({
      repository: REPOSITORY,
      digest: image.digest,
      log,
      optional: { x: 'y'.repeat(70_000) },
    });
    await pushLegacySignature(source, PATH, image.digest, [layer]);
    await expect(check()).rejects.toEqual(refused('CNS-1004'));
    expect(source.asked.filter((question) => question.startsWith('blob'))).toEqual([]);
  });

  test('C38: a bundle beyond the bound is not fetched', async () => {
    const bundle = alice.signBundle({ digest: image.digest, log });
    const padded = { ...bundle, padding: 'x'.repeat(300_000) };
    await pushBundle(source, PATH, image, padded);
    await expect(check()).rejects.toEqual(refused('CNS-1004'));
    expect(source.asked.filter((question) => question.startsWith('blob'))).toEqual([]);
    await pushBundle(source, PATH, image, bundle);
    await expect(check()).resolves.toEqual({ digest: image.digest });
  });

  test('a signature is found among more referrers than are looked at, where it says what it is', async () => {
    const sbom = { bytes: Buffer.from('{}'), mediaType: 'application/spdx+json' };
    for (let n = 0; n < 120; n += 1) {
      await pushArtifact(source, PATH, {
        artifactType: 'application/spdx+json',
        layers: [sbom],
        subject: image,
        annotations: { n: String(n) },
      });
    }
    await expect(check()).rejects.toMatchObject({
      code: 'CNS-1003',
      details: { found: 'no signature among more artifacts than are looked at' },
    });
    expect(source.asked.filter((question) => question.startsWith('manifest sha256:'))).toHaveLength(100);
    await signImage({ format: 'bundle' });
    await expect(check()).resolves.toEqual({ digest: image.digest });
  });

  test('attestations that say so are not fetched', async () => {
    const bundle = alice.signBundle({ digest: image.digest, log, fault: 'claim-type' });
    await pushArtifact(source, PATH, {
      artifactType: bundle.mediaType,
      layers: [{ bytes: Buffer.from(JSON.stringify(bundle)), mediaType: bundle.mediaType }],
      subject: image,
      annotations: { 'dev.sigstore.bundle.predicateType': 'https://slsa.dev/provenance/v1' },
    });
    await expect(check()).rejects.toEqual(refused('CNS-1003'));
    expect(source.asked.filter((question) => question.startsWith('blob'))).toEqual([]);
  });

  test('of one referrer, sixteen layers', async () => {
    const layersOf = (count: number) => layers(count, alice);
    await pushArtifact(source, PATH, { layers: layersOf(17), subject: image });
    await expect(check()).rejects.toMatchObject({
      code: 'CNS-1004',
      details: { found: expect.stringContaining('16 signatures among more artifacts than are looked at') },
    });
    await pushArtifact(source, PATH, { layers: layersOf(16), subject: image });
    await expect(check()).resolves.toEqual({ digest: image.digest });
  });

  test('of all referrers, a hundred signatures', async () => {
    for (let n = 0; n < 8; n += 1) {
      await pushArtifact(source, PATH, {
        layers: layers(15, mallory),
        subject: image,
        annotations: { n: String(n) },
      });
    }
    await expect(check()).rejects.toMatchObject({
      code: 'CNS-1004',
      details: { found: expect.stringContaining('100 signatures among more artifacts than are looked at') },
    });
  });
});
