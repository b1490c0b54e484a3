// Over 200 lines: its cases share one running system, and each stands beside its twin.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { createTransport, type HttpTransport, RegistryClient } from '#registry';
import {
  type ContentDescriptor,
  CosignSigner,
  manifestBytes,
  OCI_MANIFEST,
  pushBundlesUnderTag,
  pushImage,
  pushIndex,
  pushLegacySignature,
  RealCosign,
  type RealKeyPair,
  type RealRegistry,
  RegistryPusher,
  SigningKey,
  startRealRegistry,
  startVirtualLogServer,
  VirtualLog,
  type VirtualLogServer,
  VirtualRegistry,
} from '#testing';
import { type Proof, type RuleOptions, Trace } from '#validator';
import { CosignValidator, logKeysFor, RegistrySignatureSource } from '#validator-cosign';

const OPTIONS: RuleOptions = {
  trustRoot: '*',
  mode: 'mutate',
  verifyInTransparencyLog: true,
  verifySCT: true,
  verificationLevel: 'strict',
  verifyTimestamp: 'always',
};

const found = await RealCosign.find();
const cosign = found instanceof RealCosign ? found : undefined;
if (!(found instanceof RealCosign)) {
  // On a laptop a missing tool is a skip that says why; in CI it is a failure.
  if ((process.env['CI'] ?? '') !== '') throw new Error(found.reason);
  console.warn(`cosign.spec.ts is skipped: ${found.reason}`);
} else {
  console.info(`cosign.spec.ts runs against ${found.origin}`);
}

describe.skipIf(cosign === undefined)('the real cosign', () => {
  const real = cosign!;
  let registry: RealRegistry;
  let virtual: VirtualRegistry;
  let logServer: VirtualLogServer;
  let transport: HttpTransport;
  let alice: RealKeyPair;
  let images = 0;

  beforeAll(async () => {
    registry = await startRealRegistry();
    virtual = await VirtualRegistry.start();
    logServer = await startVirtualLogServer();
    transport = createTransport();
    alice = await real.generateKeyPair();
  });

  afterAll(async () => {
    await Promise.allSettled([
      registry?.stop(),
      virtual?.stop(),
      logServer?.stop(),
      transport?.close(),
      real.dispose(),
    ]);
  });

  /**
   * A fresh image in Debian's registry, which lists referrers under a tag, or in the virtual one, which has the
   * referrers API.
   */
  async function freshImage(where: 'real' | 'virtual' = 'real'): Promise<{
    host: string;
    path: string;
    descriptor: ContentDescriptor;
    repository: string;
    tagged: string;
    pinned: string;
    pusher: RegistryPusher;
  }> {
    images += 1;
    const host = where === 'real' ? registry.host : virtual.host;
    const path = `demo/app-${images}`;
    const pusher = new RegistryPusher(`http://${host}`);
    const descriptor = await pushImage(pusher, path, { tag: 'v1', content: `image ${images}` });
    const repository = `${host}/${path}`;
    return {
      host,
      path,
      descriptor,
      repository,
      tagged: `${repository}:v1`,
      pinned: `${repository}@${descriptor.digest}`,
      pusher,
    };
  }

  function check(
    image: string,
    pems: readonly string[],
    { logPem, threshold }: { logPem?: string; threshold?: number } = {},
  ): Promise<Proof> {
    const { host } = parseImageReference(image);
    const client = new RegistryClient({ transport, registries: [{ host, insecurePlainHttp: true }] });
    const trustRoots = pems.map((pem, index) => ({
      name: `root-${index}`,
      material: { kind: 'key', pem } as const,
    }));
    const validator = new CosignValidator(
      { name: 'acme', trustRoots },
      {
        source: new RegistrySignatureSource(client),
        logKeys: logKeysFor(logPem ?? new VirtualLog().publicKeyPem),
      },
    );
    const options = {
      ...OPTIONS,
      verifyInTransparencyLog: logPem !== undefined,
      ...(threshold === undefined ? {} : { threshold }),
    };
    const context = { now: new Date(), signal: AbortSignal.timeout(20_000), trace: new Trace() };
    return validator.bind(options).check(parseImageReference(image), context);
  }

  const refused = (code: string): unknown => expect.objectContaining({ name: 'RefusedError', code });
  const FORMATS = ['legacy', 'bundle'] as const;
  const WHERE = ['real', 'virtual'] as const;
  const COMBINED = FORMATS.flatMap((format) => WHERE.map((where) => ({ format, where })));

  describe('signs, and we verify', () => {
    test.for(COMBINED)('$format in the $where registry: cosign’s own key', async ({ format, where }) => {
      const image = await freshImage(where);
      const admitted = { digest: image.descriptor.digest };
      await expect(check(image.tagged, [alice.publicKeyPem])).rejects.toEqual(refused('CNS-1003'));
      await real.sign(image.pinned, alice, { format });
      await expect(check(image.tagged, [alice.publicKeyPem])).resolves.toEqual(admitted);
      await expect(check(image.pinned, [alice.publicKeyPem])).resolves.toEqual(admitted);
      await expect(check(image.tagged, [new SigningKey('P-256').publicKeyPem])).rejects.toEqual(
        refused('CNS-1004'),
      );
      await expect(
        check(image.tagged, [alice.publicKeyPem], { logPem: logServer.log.publicKeyPem }),
      ).rejects.toEqual(refused('CNS-1006'));
      await expect(check(`${image.repository}:v9`, [alice.publicKeyPem])).rejects.toEqual(
        refused('CNS-1011'),
      );
    });

    test.for(
      FORMATS.flatMap((format) =>
        (['RSA-2048', 'P-384', 'P-521', 'Ed25519'] as const).map((kind) => ({ format, kind })),
      ),
    )('$format with an imported $kind key', async ({ format, kind }) => {
      const image = await freshImage();
      const key = new SigningKey(kind);
      const imported = await real.importKeyPair(
        key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      );
      await real.sign(image.pinned, imported, { format });
      await expect(check(image.tagged, [key.publicKeyPem])).resolves.toEqual({
        digest: image.descriptor.digest,
      });
      await expect(check(image.tagged, [new SigningKey(kind).publicKeyPem])).rejects.toEqual(
        refused('CNS-1004'),
      );
    });

    test.for(FORMATS)('%s with an entry in a transparency log', async (format) => {
      const image = await freshImage();
      const log = { url: logServer.url, publicKeyPem: logServer.log.publicKeyPem };
      await real.sign(image.pinned, alice, { format, log });
      await expect(check(image.tagged, [alice.publicKeyPem], { logPem: log.publicKeyPem })).resolves.toEqual({
        digest: image.descriptor.digest,
      });
      await expect(
        check(image.tagged, [alice.publicKeyPem], { logPem: new VirtualLog().publicKeyPem }),
      ).rejects.toEqual(refused('CNS-1006'));
    });

    test.for(FORMATS)('%s by two signers', async (format) => {
      const image = await freshImage();
      const bob = await real.generateKeyPair();
      const roots = [alice.publicKeyPem, bob.publicKeyPem];
      await real.sign(image.pinned, alice, { format });
      await expect(check(image.tagged, roots, { threshold: 2 })).rejects.toEqual(refused('CNS-1008'));
      await real.sign(image.pinned, bob, { format });
      await expect(check(image.tagged, roots, { threshold: 2 })).resolves.toEqual({
        digest: image.descriptor.digest,
      });
    });

    test.for<{
      name: string;
      format: (typeof FORMATS)[number];
      flags?: string[];
      env?: Record<string, string>;
    }>([
      {
        name: 'C06: legacy with annotations, whose payload has to be fetched',
        format: 'legacy',
        flags: ['-a', 'build=7 & <8>'],
      },
      { name: 'bundle with annotations', format: 'bundle', flags: ['-a', 'build=7 & <8>'] },
      { name: 'legacy with the time of signing', format: 'legacy', flags: ['--record-creation-timestamp'] },
      { name: 'legacy in Docker’s media types', format: 'legacy', env: { COSIGN_DOCKER_MEDIA_TYPES: '1' } },
      {
        name: 'legacy as a referrer',
        format: 'legacy',
        flags: ['--registry-referrers-mode', 'oci-1-1'],
        env: { COSIGN_EXPERIMENTAL: '1' },
      },
    ])('$name', async ({ format, flags = [], env = {} }) => {
      const image = await freshImage();
      await real.sign(image.pinned, alice, { format, flags, env });
      await expect(check(image.tagged, [alice.publicKeyPem])).resolves.toEqual({
        digest: image.descriptor.digest,
      });
      const other = new SigningKey('P-256').publicKeyPem;
      await expect(check(image.tagged, [other])).rejects.toEqual(refused('CNS-1004'));
    });

    test.for(COMBINED)(
      'C37: a $format attestation in the $where registry is no signature',
      async ({ format, where }) => {
        const image = await freshImage(where);
        await real.attest(image.pinned, alice, format);
        await expect(check(image.tagged, [alice.publicKeyPem])).rejects.toEqual(refused('CNS-1003'));
        await real.sign(image.pinned, alice, { format });
        await expect(check(image.tagged, [alice.publicKeyPem])).resolves.toEqual({
          digest: image.descriptor.digest,
        });
      },
    );

    test('legacy, signed elsewhere and attached', async () => {
      const image = await freshImage();
      const signer = new CosignSigner();
      const { bytes, annotations } = signer.signLegacy({
        repository: image.repository,
        digest: image.descriptor.digest,
      });
      await real.attachSignature(
        image.pinned,
        await real.writeFile(bytes),
        await real.writeFile(annotations?.['dev.cosignproject.cosign/signature'] ?? ''),
      );
      await expect(check(image.tagged, [signer.key.publicKeyPem])).resolves.toEqual({
        digest: image.descriptor.digest,
      });
    });

    test.for(FORMATS)(
      '%s C49 G10: of an index, and not of what it lists, unless that is signed too',
      async (format) => {
        const image = await freshImage();
        const index = await pushIndex(image.pusher, image.path, {
          manifests: [image.descriptor],
          tag: 'multi',
        });
        await real.sign(`${image.repository}@${index.digest}`, alice, { format });
        await expect(check(`${image.repository}:multi`, [alice.publicKeyPem])).resolves.toEqual({
          digest: index.digest,
        });
        await expect(check(image.pinned, [alice.publicKeyPem])).rejects.toEqual(refused('CNS-1003'));
        await real.sign(`${image.repository}@${index.digest}`, alice, { format, flags: ['--recursive'] });
        await expect(check(image.pinned, [alice.publicKeyPem])).resolves.toEqual({
          digest: image.descriptor.digest,
        });
      },
    );

    test('G34 C01: a signature moved to another image', async () => {
      const image = await freshImage();
      const other = await pushImage(image.pusher, image.path, { tag: 'other', content: 'never signed' });
      await real.sign(image.pinned, alice, { format: 'legacy' });
      await expect(check(`${image.repository}:other`, [alice.publicKeyPem])).rejects.toEqual(
        refused('CNS-1003'),
      );
      const moved = await fetch(
        `http://${image.host}/v2/${image.path}/manifests/${image.descriptor.digest.replace(':', '-')}.sig`,
        { headers: { accept: OCI_MANIFEST } },
      );
      await image.pusher.pushManifest(image.path, {
        bytes: new Uint8Array(await moved.arrayBuffer()),
        mediaType: OCI_MANIFEST,
        tag: `${other.digest.replace(':', '-')}.sig`,
      });
      await expect(check(`${image.repository}:other`, [alice.publicKeyPem])).rejects.toEqual(
        refused('CNS-1005'),
      );
    });
  });

  describe('verifies what our signer makes', () => {
    test.for([
      { name: 'P-256', signer: new CosignSigner('P-256') },
      { name: 'P-384 with SHA-256', signer: new CosignSigner('P-384', { ecdsaHash: 'sha256' }) },
      { name: 'P-384', signer: new CosignSigner('P-384'), flags: ['--signature-digest-algorithm', 'sha384'] },
      { name: 'RSA-2048', signer: new CosignSigner('RSA-2048') },
      { name: 'Ed25519', signer: new CosignSigner('Ed25519') },
    ])('legacy with $name', async ({ signer, flags = [] }) => {
      const image = await freshImage();
      const options = { repository: image.repository, digest: image.descriptor.digest };
      await pushLegacySignature(image.pusher, image.path, image.descriptor.digest, [
        signer.signLegacy(options),
      ]);
      await expect(real.verify(image.pinned, signer.key.publicKeyPem, { flags })).resolves.toBeUndefined();
      const faulty = signer.signLegacy({ ...options, fault: 'signature-byte' });
      await pushLegacySignature(image.pusher, image.path, image.descriptor.digest, [faulty]);
      await expect(real.verify(image.pinned, signer.key.publicKeyPem, { flags })).rejects.toThrow();
    });

    test.for([
      { name: 'P-256', signer: new CosignSigner('P-256') },
      { name: 'RSA-2048', signer: new CosignSigner('RSA-2048') },
    ])('bundle with $name', async ({ signer }) => {
      const image = await freshImage();
      const options = { digest: image.descriptor.digest };
      await pushBundlesUnderTag(image.pusher, image.path, image.descriptor, [signer.signBundle(options)]);
      await expect(real.verify(image.pinned, signer.key.publicKeyPem)).resolves.toBeUndefined();
      await expect(real.verify(image.pinned, new SigningKey('P-256').publicKeyPem)).rejects.toThrow();
    });

    test.for(FORMATS)('%s with a proof of our log', async (format) => {
      const image = await freshImage();
      const signer = new CosignSigner();
      const log = new VirtualLog({ name: 'rekor.example.org' });
      log.append(manifestBytes({ kind: 'something before it' }));
      const options = { repository: image.repository, digest: image.descriptor.digest, log };
      if (format === 'legacy') {
        await pushLegacySignature(image.pusher, image.path, image.descriptor.digest, [
          signer.signLegacy(options),
        ]);
      } else {
        await pushBundlesUnderTag(image.pusher, image.path, image.descriptor, [signer.signBundle(options)]);
      }
      const { publicKeyPem } = signer.key;
      await expect(real.verify(image.pinned, publicKeyPem, { log })).resolves.toBeUndefined();
      await expect(
        real.verify(image.pinned, publicKeyPem, { log: new VirtualLog({ name: 'rekor.example.org' }) }),
      ).rejects.toThrow();
    });
  });
});
