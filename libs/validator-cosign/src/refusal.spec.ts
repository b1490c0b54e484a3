// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import {
  type ContentDescriptor,
  CosignSigner,
  pushBundle,
  pushImage,
  pushLegacySignature,
  VirtualLog,
} from '#testing';
import { RefusedError, type RuleOptions, Trace } from '#validator';

import { CosignValidator, InMemorySignatureSource, logKeysFor } from './index.js';

const NOW = new Date('2026-11-20T12:00:00Z');
const log = new VirtualLog({ now: () => NOW });
const alice = new CosignSigner();
const bob = new CosignSigner();
const mallory = new CosignSigner();

interface Case {
  readonly repository?: string;
  readonly options?: Partial<RuleOptions>;
  readonly roots?: Readonly<Record<string, CosignSigner>>;
  readonly put: (
    source: InMemorySignatureSource,
    image: ContentDescriptor,
    repository: string,
  ) => Promise<unknown>;
}

async function refuse({
  repository = 'registry.example.org/app',
  options,
  roots = { alice },
  put,
}: Case): Promise<{
  error: RefusedError;
  trace: Trace;
  image: ContentDescriptor;
}> {
  const source = new InMemorySignatureSource();
  const image = await pushImage(source, 'app', { tag: 'v1' });
  await put(source, image, repository);
  const trustRoots = Object.entries(roots).map(([name, { key }]) => ({
    name,
    material: { kind: 'key', pem: key.publicKeyPem } as const,
  }));
  const validator = new CosignValidator(
    { name: 'acme', trustRoots },
    { source, logKeys: logKeysFor(log.publicKeyPem) },
  );
  const trace = new Trace();
  const check = validator.bind({
    trustRoot: '*',
    mode: 'mutate',
    verifyInTransparencyLog: true,
    verifySCT: true,
    verificationLevel: 'strict',
    verifyTimestamp: 'always',
    ...options,
  });
  const context = { now: NOW, signal: new AbortController().signal, trace };
  const error: unknown = await check
    .check(parseImageReference(`${repository}:v1`), context)
    .catch((reason: unknown) => reason);
  if (!(error instanceof RefusedError)) throw new Error('expected a refusal', { cause: error });
  return { error, trace, image };
}

const by =
  (...signers: CosignSigner[]): Case['put'] =>
  (source, image, repository) =>
    pushLegacySignature(
      source,
      'app',
      image.digest,
      signers.map((signer) => signer.signLegacy({ repository, digest: image.digest, log })),
    );

describe('a refusal says what was there, what the rule wants, and what to do', () => {
  test('CNS-1003', async () => {
    const { error, image } = await refuse({ put: () => Promise.resolve() });
    expect(error.code).toBe('CNS-1003');
    expect(error.details).toEqual({
      found: 'no signature',
      expected: `a signature by alice ${alice.key.fingerprint}`,
      next: `cosign sign --key <key of alice> registry.example.org/app@${image.digest}`,
    });
  });

  test('CNS-1004 counts and names', async () => {
    const { error } = await refuse({
      put: async (source, image, repository) => {
        await by(mallory)(source, image, repository);
        await pushBundle(source, 'app', image, bob.signBundle({ digest: image.digest, log }));
        await pushBundle(
          source,
          'app',
          image,
          alice.signBundle({ digest: image.digest, fault: 'payload-edited' }),
        );
      },
    });
    expect(error.code).toBe('CNS-1004');
    expect(error.details.found).toMatch(/^3 signatures, naming SHA256:/);
    expect(error.details.found).toContain(bob.key.fingerprint.slice(0, 23));
    expect(error.details.expected).toContain(alice.key.fingerprint);
  });

  test('CNS-1005 names the digest that was signed', async () => {
    const digest = `sha256:${'d'.repeat(64)}`;
    const { error } = await refuse({
      put: (source, image, repository) =>
        pushLegacySignature(source, 'app', image.digest, [alice.signLegacy({ repository, digest, log })]),
    });
    expect(error).toMatchObject({
      code: 'CNS-1005',
      details: { found: `a signature by "alice" for ${digest}` },
    });
  });

  test('CNS-1006 says what is wrong with the proof', async () => {
    const { error } = await refuse({
      put: (source, image, repository) =>
        pushLegacySignature(source, 'app', image.digest, [
          alice.signLegacy({ repository, digest: image.digest }),
        ]),
    });
    expect(error).toMatchObject({ code: 'CNS-1006' });
    expect(error.details.found).toContain('no proof that a log has it');
  });

  test('CNS-1008 counts signers and asks the one who is missing', async () => {
    const carol = new CosignSigner();
    const { error } = await refuse({
      roots: { alice, bob, carol },
      options: { threshold: 3, required: ['bob'] },
      put: by(alice, carol, alice),
    });
    expect(error.code).toBe('CNS-1008');
    expect(error.details.found).toBe('2 of 3, by alice, carol; required and missing: bob');
    expect(error.details.expected).toMatch(/^3 of alice SHA256:\w{16}…, bob SHA256:\w{16}…, carol/);
    expect(error.details.next).toContain('<key of bob>');
  });

  test('no line is longer than 200 characters, whatever the names', async () => {
    const long = 'x'.repeat(300);
    const roots = Object.fromEntries(
      Array.from({ length: 4 }, (_, index) => [`${long}${index}`, new CosignSigner()]),
    );
    for (const put of [by(), by(mallory), by(Object.values(roots)[0] ?? alice)]) {
      const { error, trace } = await refuse({
        repository: `registry.example.org/${'y'.repeat(150)}/app`,
        roots,
        put,
      });
      const lines = [
        error.details.found,
        error.details.expected,
        error.details.next,
        ...trace.steps.map(({ text }) => text),
      ];
      expect(lines.map((line) => (line?.length ?? 0) <= 200)).toEqual(lines.map(() => true));
    }
  });

  test('nothing that a registry wrote is repeated', async () => {
    const { error, trace } = await refuse({
      put: (source, image, repository) => {
        const layer = mallory.signLegacy({
          repository: `${repository}/INJECTED`,
          digest: image.digest,
          optional: { x: 'INJECTED' },
        });
        return pushLegacySignature(source, 'app', image.digest, [
          { ...layer, annotations: { ...layer.annotations, INJECTED: 'INJECTED' } },
          { ...layer, annotations: { 'dev.cosignproject.cosign/signature': 'INJECTED!' } },
        ]);
      },
    });
    expect(JSON.stringify([error.message, error.details, trace.steps])).not.toContain('INJECTED');
  });
});

describe('evidence', () => {
  test('every step of an admission, with signer, key and log', async () => {
    const source = new InMemorySignatureSource();
    const image = await pushImage(source, 'app', { tag: 'v1' });
    await by(mallory, alice)(source, image, 'registry.example.org/app');
    const trustRoots = [{ name: 'alice', material: { kind: 'key', pem: alice.key.publicKeyPem } as const }];
    const trace = new Trace();
    await new CosignValidator({ name: 'acme', trustRoots }, { source, logKeys: logKeysFor(log.publicKeyPem) })
      .bind({
        trustRoot: 'alice',
        mode: 'mutate',
        verifyInTransparencyLog: true,
        verifySCT: true,
        verificationLevel: 'strict',
        verifyTimestamp: 'always',
      })
      .check(parseImageReference('registry.example.org/app:v1'), {
        now: NOW,
        signal: new AbortController().signal,
        trace,
      });
    const by_ = { trustRoot: 'alice', key: alice.key.fingerprint, format: 'legacy' };
    expect(trace.steps.filter(({ step }) => step !== 'fetch-signatures')).toMatchObject([
      { step: 'resolve-digest', ok: true, text: `the tag names ${image.digest}` },
      { step: 'verify-signature', ok: false, format: 'legacy' },
      { step: 'verify-signature', ok: true, ...by_ },
      { step: 'verify-claims', ok: true, ...by_ },
      { step: 'verify-log', ok: true, ...by_, logTime: NOW.getTime() / 1000, logIndex: expect.any(Number) },
      { step: 'threshold', ok: true, text: '1 of 1 signers' },
    ]);
  });
});
