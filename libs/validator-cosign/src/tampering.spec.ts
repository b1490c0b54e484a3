// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { RegistryError } from '#registry';
import {
  type ContentDescriptor,
  CosignSigner,
  manifestBytes,
  pushArtifact,
  pushImage,
  pushLegacySignature,
  type TestLayer,
  VirtualLog,
} from '#testing';
import { RefusedError, type RuleCheck, Trace } from '#validator';

import { CosignValidator, InMemorySignatureSource, logKeysFor } from './index.js';

const REPOSITORY = 'registry.example.org/team/app';
const PATH = 'team/app';
const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const signer = new CosignSigner();
const log = new VirtualLog();

/**
 * Two images in one repository: `signed` has a signature, and an attacker may write any bytes in its place, or in that
 * of `unsigned`.
 */
let signed: ContentDescriptor;
let unsigned: ContentDescriptor;
let legacy: TestLayer;
let bundle: Buffer;

beforeAll(async () => {
  const source = new InMemorySignatureSource();
  signed = await pushImage(source, PATH, { content: 'signed' });
  unsigned = await pushImage(source, PATH, { content: 'unsigned' });
  legacy = signer.signLegacy({
    repository: REPOSITORY,
    digest: signed.digest,
    log,
    optional: { build: '7' },
  });
  bundle = manifestBytes(signer.signBundle({ digest: signed.digest, log }));
});

function bind(source: InMemorySignatureSource, verifyInTransparencyLog: boolean): RuleCheck {
  const trustRoots = [{ name: 'alice', material: { kind: 'key', pem: signer.key.publicKeyPem } as const }];
  const validator = new CosignValidator(
    { name: 'acme', trustRoots },
    { source, logKeys: logKeysFor(log.publicKeyPem) },
  );
  return validator.bind({
    trustRoot: 'alice',
    mode: 'mutate',
    verifyInTransparencyLog,
    verifySCT: true,
    verificationLevel: 'strict',
    verifyTimestamp: 'always',
  });
}

/** Admitted with exactly the digest that was asked for, or refused; nothing else may happen. */
async function outcome(
  source: InMemorySignatureSource,
  image: ContentDescriptor,
  withLog: boolean,
): Promise<'admitted' | 'refused'> {
  const context = { now: new Date(), signal: new AbortController().signal, trace: new Trace() };
  try {
    const proof = await bind(source, withLog).check(
      parseImageReference(`${REPOSITORY}@${image.digest}`),
      context,
    );
    expect(proof).toEqual({ digest: image.digest });
    return 'admitted';
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError);
    return 'refused';
  }
}

async function withLayer(layer: TestLayer, image: ContentDescriptor): Promise<InMemorySignatureSource> {
  const source = new InMemorySignatureSource();
  await pushLegacySignature(source, PATH, image.digest, [layer]);
  return source;
}

async function withBundle(bytes: Uint8Array, image: ContentDescriptor): Promise<InMemorySignatureSource> {
  const source = new InMemorySignatureSource();
  await pushArtifact(source, PATH, {
    artifactType: BUNDLE_TYPE,
    layers: [{ bytes, mediaType: BUNDLE_TYPE }],
    subject: image,
  });
  return source;
}

const changes = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  flip: fc.integer({ min: 1, max: 255 }),
});

function changed(bytes: Uint8Array, { at, flip }: { at: number; flip: number }): Buffer {
  const copy = Buffer.from(bytes);
  const index = Math.floor(at * copy.length);
  copy[index] = (copy[index] ?? 0) ^ flip;
  return copy;
}

test('the twin: nothing changed', async () => {
  for (const withLog of [true, false]) {
    expect(await outcome(await withLayer(legacy, signed), signed, withLog)).toBe('admitted');
    expect(await outcome(await withBundle(bundle, signed), signed, withLog)).toBe('admitted');
    expect(await outcome(await withLayer(legacy, unsigned), unsigned, withLog)).toBe('refused');
    expect(await outcome(await withBundle(bundle, unsigned), unsigned, withLog)).toBe('refused');
  }
});

test(
  'a payload with any one byte changed is refused, for its image and for any other',
  { tags: ['thorough'] },
  async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (change) => {
        const layer = { ...legacy, bytes: changed(legacy.bytes, change) };
        expect(await outcome(await withLayer(layer, signed), signed, false)).toBe('refused');
        expect(await outcome(await withLayer(layer, unsigned), unsigned, false)).toBe('refused');
      }),
      { numRuns: 150 },
    );
  },
);

test('a signature annotation with any one character changed is refused', { tags: ['thorough'] }, async () => {
  await fc.assert(
    fc.asyncProperty(changes, async (change) => {
      const name = 'dev.cosignproject.cosign/signature';
      const text = changed(Buffer.from(legacy.annotations?.[name] ?? ''), {
        ...change,
        flip: change.flip & 0x7f || 1,
      }).toString();
      const layer = { ...legacy, annotations: { ...legacy.annotations, [name]: text } };
      expect(await outcome(await withLayer(layer, signed), signed, false)).toBe('refused');
    }),
    { numRuns: 150 },
  );
});

test(
  'a log annotation with any one character changed proves nothing for another image, and nothing false for its own',
  { tags: ['thorough'] },
  async () => {
    await fc.assert(
      fc.asyncProperty(changes, async (change) => {
        const name = 'dev.sigstore.cosign/bundle';
        const text = changed(Buffer.from(legacy.annotations?.[name] ?? ''), {
          ...change,
          flip: change.flip & 0x7f || 1,
        }).toString();
        const layer = { ...legacy, annotations: { ...legacy.annotations, [name]: text } };
        // Only white space and the spelling of an escape can change without meaning another entry; none of that is one
        // character here.
        expect(await outcome(await withLayer(layer, signed), signed, true)).toBe('refused');
        expect(await outcome(await withLayer(layer, unsigned), unsigned, true)).toBe('refused');
      }),
      { numRuns: 150 },
    );
  },
);

test('a bundle with any one byte changed never admits another image', { tags: ['thorough'] }, async () => {
  await fc.assert(
    fc.asyncProperty(changes, fc.boolean(), async (change, withLog) => {
      const bytes = changed(bundle, change);
      expect(await outcome(await withBundle(bytes, unsigned), unsigned, withLog)).toBe('refused');
      // Its own image: `outcome` allows no third result and no other digest. A changed hint, say, changes nothing that
      // was signed.
      await outcome(await withBundle(bytes, signed), signed, withLog);
    }),
    { numRuns: 200 },
  );
});

test(
  'a signature manifest with any one byte changed is refused, undecided, or the same proof',
  { tags: ['thorough'] },
  async () => {
    const source = await withLayer(legacy, signed);
    const descriptor = await pushLegacySignature(source, PATH, signed.digest, [legacy]);
    const manifest = await source.manifest(
      { host: 'x', path: PATH },
      descriptor.digest,
      new AbortController().signal,
    );
    expect(manifest?.layers).toHaveLength(1);
    const bytes = manifestBytes({
      schemaVersion: 2,
      mediaType: descriptor.mediaType,
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: signed.digest, size: 2 },
      layers: [
        {
          mediaType: legacy.mediaType,
          digest: manifest?.layers[0]?.digest,
          size: legacy.bytes.length,
          annotations: legacy.annotations,
        },
      ],
    });
    await fc.assert(
      fc.asyncProperty(changes, async (change) => {
        const tampered = await withLayer(legacy, unsigned);
        try {
          await tampered.pushManifest(PATH, {
            bytes: changed(bytes, change),
            mediaType: descriptor.mediaType,
            tag: `${unsigned.digest.replace(':', '-')}.sig`,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(RegistryError);
          return;
        }
        expect(await outcome(tampered, unsigned, false)).toBe('refused');
      }),
      { numRuns: 150 },
    );
  },
);
