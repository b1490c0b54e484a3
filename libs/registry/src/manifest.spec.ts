// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { digestOf } from '#image-ref';

import { RegistryError } from './error.js';
import { REGISTRY_LIMITS } from './limits.js';
import { parseManifest } from './manifest.js';

const OCI = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';
const LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const SCHEMA1 = 'application/vnd.docker.distribution.manifest.v1+prettyjws';
const layer = { mediaType: 'application/octet-stream', digest: `sha256:${'a'.repeat(64)}`, size: 3 };
const image = { schemaVersion: 2, mediaType: OCI, config: layer, layers: [layer] };
const index = { schemaVersion: 2, mediaType: INDEX, manifests: [layer] };

const encode = (document: unknown): Uint8Array =>
  Buffer.from(typeof document === 'string' ? document : JSON.stringify(document), 'utf8');

function reasonOf(document: unknown, contentType: string | undefined): string {
  try {
    return parseManifest(encode(document), contentType, 'registry.example').kind;
  } catch (error) {
    if (!(error instanceof RegistryError)) return String(error);
    return error.limit === undefined ? error.reason : `${error.reason} ${error.limit}`;
  }
}

const without = (document: object, ...names: string[]): object =>
  Object.fromEntries(Object.entries(document).filter(([name]) => !names.includes(name)));

describe('parseManifest', () => {
  test.for<{ name: string; document: unknown; type?: string | undefined; is: string }>([
    { name: 'an OCI image', document: image, type: OCI, is: 'image' },
    { name: 'an OCI index', document: index, type: INDEX, is: 'index' },
    { name: 'a Docker image', document: { ...image, mediaType: DOCKER }, type: DOCKER, is: 'image' },
    { name: 'a Docker list', document: { ...index, mediaType: LIST }, type: LIST, is: 'index' },
    {
      name: 'an OCI image of 1.0 without mediaType',
      document: without(image, 'mediaType'),
      type: OCI,
      is: 'image',
    },
    { name: 'a Content-Type with a parameter', document: image, type: `${OCI}; charset=utf-8`, is: 'image' },
    {
      name: 'an empty index as Go writes it',
      document: { ...index, manifests: null },
      type: INDEX,
      is: 'index',
    },
    { name: 'members that nobody knows', document: { ...image, x: 1 }, type: OCI, is: 'image' },
    { name: 'G07 Content-Type says index, body says image', document: image, type: INDEX, is: 'malformed' },
    { name: 'G07 Content-Type says Docker, body says OCI', document: image, type: DOCKER, is: 'malformed' },
    { name: 'G07 no Content-Type', document: image, type: undefined, is: 'malformed' },
    {
      name: 'G07 Docker without mediaType',
      document: without(image, 'mediaType'),
      type: DOCKER,
      is: 'malformed',
    },
    { name: 'G08 image with manifests', document: { ...image, manifests: [] }, type: OCI, is: 'malformed' },
    { name: 'G08 index with layers', document: { ...index, layers: [] }, type: INDEX, is: 'malformed' },
    { name: 'G08 index with config', document: { ...index, config: layer }, type: INDEX, is: 'malformed' },
    {
      name: 'G08 image with manifests, no mediaType',
      document: { ...without(image, 'mediaType'), manifests: [] },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'G08 a member in another case, read by Go only',
      document: { ...image, Manifests: [] },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'G08 mediaType in another case',
      document: { ...without(image, 'mediaType'), mediatype: INDEX },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'G09 schema 1, signed',
      document: { schemaVersion: 1, fsLayers: [], signatures: [] },
      type: SCHEMA1,
      is: 'malformed',
    },
    {
      name: 'G09 schema 1 under the type of schema 2',
      document: { ...image, schemaVersion: 1 },
      type: OCI,
      is: 'malformed',
    },
    { name: 'G09 schema 2 with fsLayers', document: { ...image, fsLayers: [] }, type: OCI, is: 'malformed' },
    {
      name: 'G12 as many children as allowed',
      document: { ...index, manifests: Array.from({ length: REGISTRY_LIMITS.childrenCount }, () => layer) },
      type: INDEX,
      is: 'index',
    },
    {
      name: 'G12 10 000 children',
      document: { ...index, manifests: Array.from({ length: 10_000 }, () => layer) },
      type: INDEX,
      is: 'too-large childrenCount',
    },
    {
      name: 'G13 a config in place of a manifest',
      document: { ...image, mediaType: 'application/vnd.oci.image.config.v1+json' },
      type: 'application/vnd.oci.image.config.v1+json',
      is: 'malformed',
    },
    {
      name: 'G13 a helm chart type',
      document: { ...image, mediaType: 'application/x' },
      type: 'application/x',
      is: 'malformed',
    },
    {
      name: 'G14 a negative size',
      document: { ...image, config: { ...layer, size: -1 } },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'G14 a fractional size',
      document: { ...image, config: { ...layer, size: 1.5 } },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'G14 a size as text',
      document: { ...image, config: { ...layer, size: '3' } },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'G15 duplicate keys',
      document: `{"schemaVersion":2,"mediaType":"${OCI}","config":${JSON.stringify(layer)},"layers":[],"layers":[${JSON.stringify(layer)}]}`,
      type: OCI,
      is: 'malformed',
    },
    { name: 'G36 HTML under the right type', document: '<html></html>', type: OCI, is: 'malformed' },
    { name: 'G36 HTML', document: '<html></html>', type: 'text/html', is: 'malformed' },
    {
      name: 'G37 too many layers',
      document: { ...image, layers: Array.from({ length: REGISTRY_LIMITS.layersCount + 1 }, () => layer) },
      type: OCI,
      is: 'too-large layersCount',
    },
    {
      name: 'G37 too many annotations',
      document: {
        ...image,
        annotations: Object.fromEntries(
          Array.from({ length: REGISTRY_LIMITS.annotationsCount + 1 }, (_, at) => [`k${at}`, '']),
        ),
      },
      type: OCI,
      is: 'too-large annotationsCount',
    },
    {
      name: 'a digest that is none',
      document: { ...image, layers: [{ ...layer, digest: 'sha256:a' }] },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'a digest of another algorithm',
      document: { ...image, config: { ...layer, digest: `sha512:${'a'.repeat(128)}` } },
      type: OCI,
      is: 'malformed',
    },
    {
      name: 'an annotation that is no text',
      document: { ...image, annotations: { a: 1 } },
      type: OCI,
      is: 'malformed',
    },
    { name: 'no layers', document: without(image, 'layers'), type: OCI, is: 'malformed' },
    { name: 'a list at the top', document: [image], type: OCI, is: 'malformed' },
  ])('$name', ({ document, type, is }) => {
    expect(reasonOf(document, type)).toBe(is);
  });

  test('gives every field typed, and the digest of exactly the bytes', () => {
    const annotations = { 'dev.cosignproject.cosign/signature': 'MEQ=', __proto__x: 'y' };
    const bytes = encode({
      ...image,
      layers: [{ ...layer, annotations }],
      subject: layer,
      artifactType: 'a/b',
      annotations,
    });
    const manifest = parseManifest(bytes, OCI, 'registry.example');
    if (manifest.kind !== 'image') throw new Error('expected an image');
    expect(manifest).toMatchObject({
      digest: digestOf(bytes),
      size: bytes.byteLength,
      mediaType: OCI,
      artifactType: 'a/b',
    });
    expect(manifest.subject?.digest).toBe(layer.digest);
    expect(manifest.layers[0]?.annotations.get('dev.cosignproject.cosign/signature')).toBe('MEQ=');
    expect(manifest.annotations.size).toBe(2);
    expect(manifest.annotations.get('toString')).toBeUndefined();
  });

  test('throws nothing but RegistryError', () => {
    const part = fc.constantFrom<unknown>(layer, [layer], [], null, 'x', 2, OCI, INDEX, {
      digest: layer.digest,
    });
    const names = [
      'schemaVersion',
      'mediaType',
      'config',
      'layers',
      'manifests',
      'subject',
      'annotations',
      'artifactType',
    ];
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names), part),
        fc.constantFrom(OCI, INDEX, ''),
        (document, type) => {
          expect(reasonOf(document, type)).toMatch(/^(image|index|malformed|too-large .*)$/);
        },
      ),
    );
  });
});
