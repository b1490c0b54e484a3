import { afterAll, beforeAll, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { createTransport, type HttpTransport, RegistryClient } from '#registry';
import {
  type ContentDescriptor,
  CosignSigner,
  pushArtifact,
  pushBundle,
  pushImage,
  pushLegacySignature,
  type TestLayer,
  VirtualRegistry,
} from '#testing';
import { type Proof, Trace } from '#validator';

import { CosignValidator, RegistrySignatureSource } from './index.js';

const alice = new CosignSigner();
const mallory = new CosignSigner();
const KIB = 1024;

let registry: VirtualRegistry;
let transport: HttpTransport;

beforeAll(async () => {
  registry = await VirtualRegistry.start();
  transport = createTransport();
});

afterAll(() => Promise.all([registry.stop(), transport.close()]));

interface Image {
  readonly path: string;
  readonly image: ContentDescriptor;
}

let repositories = 0;

async function signedBy(sign: (image: Image) => Promise<unknown>): Promise<Image> {
  repositories += 1;
  const path = `cost/r${repositories}`;
  const image = { path, image: await pushImage(registry, path) };
  await sign(image);
  registry.journal.clear();
  return image;
}

async function check({ path, image }: Image): Promise<Proof> {
  const client = new RegistryClient({
    transport,
    registries: [{ host: registry.host, insecurePlainHttp: true }],
  });
  const source = new RegistrySignatureSource(client);
  const trustRoots = [{ name: 'alice', material: { kind: 'key', pem: alice.key.publicKeyPem } as const }];
  const validator = new CosignValidator({ name: 'acme', trustRoots }, { source, logKeys: [] });
  const rule = validator.bind({
    trustRoot: 'alice',
    mode: 'mutate',
    verifyInTransparencyLog: false,
    verifySCT: true,
    verificationLevel: 'strict',
    verifyTimestamp: 'always',
  });
  const reference = parseImageReference(`${registry.host}/${path}@${image.digest}`);
  return await rule.check(reference, {
    now: new Date(),
    signal: AbortSignal.timeout(20_000),
    trace: new Trace(),
  });
}

const bundles = async (signer: CosignSigner, count: number, { path, image }: Image): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    await pushBundle(registry, path, image, signer.signBundle({ digest: image.digest }));
  }
};

const layers = (signer: CosignSigner, count: number, { path, image }: Image): TestLayer[] =>
  Array.from({ length: count }, (_, n) =>
    signer.signLegacy({ repository: `${registry.host}/${path}`, digest: image.digest, optional: { n } }),
  );

/** Referrers of the image that are no signatures, with layers that say much. The list does not repeat that. */
const heavy = async (count: number, bytes: number, { path, image }: Image): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    const annotations = { padding: 'x'.repeat(bytes) };
    const layers = [{ bytes: Buffer.from(String(n)), mediaType: 'text/plain', annotations }];
    await pushArtifact(registry, path, { layers, subject: image });
  }
};

test.for<{ name: string; sign: (image: Image) => Promise<unknown> }>([
  {
    name: 'the last of 50 bundles among the referrers',
    sign: async (image) => {
      await bundles(mallory, 49, image);
      await bundles(alice, 1, image);
    },
  },
  {
    name: 'the last of 50 legacy signatures, each with a payload of its own',
    sign: (image) =>
      pushLegacySignature(registry, image.path, image.image.digest, [
        ...layers(mallory, 49, image),
        ...layers(alice, 1, image),
      ]),
  },
])('C41 $name is found within the budget', async ({ sign }) => {
  const image = await signedBy(sign);
  expect(await check(image)).toEqual({ digest: image.image.digest });
  expect(registry.journal.entries.length).toBeLessThanOrEqual(200);
});

test(
  '§6.2 G12 80 referrers just small enough, more than 16 MiB together: undecided, naming the bound',
  { tags: ['thorough'] },
  async () => {
    const image = await signedBy((signed) => heavy(80, 250 * KIB, signed));
    await expect(check(image)).rejects.toMatchObject({ reason: 'too-large', limit: 'verificationBytes' });
    expect(registry.journal.entries.length).toBeLessThanOrEqual(200);
  },
);

test.for<{ name: string; sign: (image: Image) => Promise<unknown>; limit: string }>([
  {
    name: '§6.2 G12 100 bundles by others, two requests each',
    sign: (image) => bundles(mallory, 100, image),
    limit: 'verificationRequestsCount',
  },
  {
    name: 'D5 a referrer’s manifest that no signature needs',
    sign: (image) => heavy(1, 260 * KIB, image),
    limit: 'referrerManifestBytes',
  },
  {
    name: 'D5 a manifest of legacy signatures that is too long',
    sign: ({ path, image }) =>
      pushArtifact(registry, path, {
        layers: [],
        tag: `${image.digest.replace(':', '-')}.sig`,
        annotations: { padding: 'x'.repeat(KIB * KIB) },
      }),
    limit: 'signatureManifestBytes',
  },
  {
    name: 'D5 a manifest of legacy signatures with more values than are read',
    sign: ({ path, image }) =>
      registry.pushManifest(path, {
        bytes: Buffer.from(`{"layers":[${'0,'.repeat(20_001)}0]}`),
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        tag: `${image.digest.replace(':', '-')}.sig`,
      }),
    limit: 'jsonValuesCount',
  },
])('$name: undecided, naming the bound', async ({ sign, limit }) => {
  const image = await signedBy(sign);
  await expect(check(image)).rejects.toMatchObject({ name: 'RegistryError', reason: 'too-large', limit });
  expect(registry.journal.entries.length).toBeLessThanOrEqual(200);
});
