import { describe, expect, test } from 'vitest';

import { parseDigest } from '#image-ref';

import { parseSimpleSigning, writeSimpleSigning } from './simple-signing.js';

const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
const REFERENCE = 'registry.example.org/app';

function payload(
  change: { critical?: object; image?: object; identity?: object; top?: object } = {},
): Buffer {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': REFERENCE, ...change.identity },
        image: { 'docker-manifest-digest': DIGEST, ...change.image },
        type: 'cosign container image signature',
        ...change.critical,
      },
      optional: null,
      ...change.top,
    }),
  );
}

describe('C04 C39 J11: what a payload vouches for', () => {
  const text = payload().toString();
  test.for<{ name: string; bytes: Uint8Array; ok: boolean }>([
    { name: 'as cosign writes it', bytes: payload(), ok: true },
    {
      name: 'with annotations',
      bytes: payload({ top: { optional: { build: '7', creator: 'x' } } }),
      ok: true,
    },
    { name: 'without optional', bytes: payload({ top: { optional: undefined } }), ok: true },
    {
      name: 'for another repository (C03: mirrors)',
      bytes: payload({ identity: { 'docker-reference': 'x' } }),
      ok: true,
    },
    {
      name: 'with white space',
      bytes: Buffer.from(JSON.stringify(JSON.parse(text), undefined, 2)),
      ok: true,
    },
    { name: 'another type', bytes: payload({ critical: { type: 'atomic container signature' } }), ok: false },
    { name: 'no type', bytes: payload({ critical: { type: undefined } }), ok: false },
    {
      name: 'a type that is no text',
      bytes: payload({ critical: { type: ['cosign container image signature'] } }),
      ok: false,
    },
    { name: 'no identity', bytes: payload({ critical: { identity: undefined } }), ok: false },
    { name: 'no image', bytes: payload({ critical: { image: undefined } }), ok: false },
    { name: 'no digest', bytes: payload({ image: { 'docker-manifest-digest': undefined } }), ok: false },
    {
      name: 'a short digest',
      bytes: payload({ image: { 'docker-manifest-digest': DIGEST.slice(0, -1) } }),
      ok: false,
    },
    {
      name: 'an upper-case digest',
      bytes: payload({ image: { 'docker-manifest-digest': DIGEST.toUpperCase() } }),
      ok: false,
    },
    {
      name: 'a sha512 digest',
      bytes: payload({ image: { 'docker-manifest-digest': `sha512:${'a'.repeat(128)}` } }),
      ok: false,
    },
    {
      name: 'a digest with a line end',
      bytes: payload({ image: { 'docker-manifest-digest': `${DIGEST}\n` } }),
      ok: false,
    },
    {
      name: 'a second digest in other case',
      bytes: payload({ image: { 'Docker-Manifest-Digest': DIGEST } }),
      ok: false,
    },
    {
      name: 'something more that is critical',
      bytes: payload({ critical: { expires: '2020-01-01' } }),
      ok: false,
    },
    { name: 'something more beside it', bytes: payload({ top: { Critical: {} } }), ok: false },
    {
      name: 'a digest twice',
      bytes: Buffer.from(
        text.replace('"docker-manifest-digest"', '"docker-manifest-digest":"x","docker-manifest-digest"'),
      ),
      ok: false,
    },
    {
      name: 'critical twice',
      bytes: Buffer.from(text.replace('"optional"', '"critical":{},"optional"')),
      ok: false,
    },
    { name: 'no critical', bytes: Buffer.from('{"optional":null}'), ok: false },
    { name: 'a list', bytes: Buffer.from(`[${text}]`), ok: false },
    { name: 'no JSON', bytes: Buffer.from('hello'), ok: false },
    { name: 'nothing', bytes: Buffer.alloc(0), ok: false },
  ])('$name', ({ bytes, ok }) => {
    if (ok) expect(parseSimpleSigning(bytes)).toBe(DIGEST);
    else
      expect(() => parseSimpleSigning(bytes)).toThrow(
        expect.objectContaining({ name: 'MalformedSignatureError' }),
      );
  });
});

test('what we write is byte for byte what cosign 3 wrote', () => {
  // Recorded from cosign 3.1.1.
  expect(
    Buffer.from(
      writeSimpleSigning(
        '127.0.0.1:5955/demo/app',
        parseDigest('sha256:13f2e586facf733b912e65e75ce765853412d6c588afa80a7faa459c5454375e'),
      ),
    ).toString(),
  ).toBe(
    '{"critical":{"identity":{"docker-reference":"127.0.0.1:5955/demo/app"},"image":{"docker-manifest-digest":"sha256:13f2e586facf733b912e65e75ce765853412d6c588afa80a7faa459c5454375e"},"type":"cosign container image signature"},"optional":null}',
  );
});
