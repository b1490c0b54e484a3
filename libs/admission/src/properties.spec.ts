// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { applyPatch, type Operation } from 'fast-json-patch';
import { describe, expect, test } from 'vitest';

import { admit, digestFor, type Judge, proven } from '../test/judge.js';
import { bytesOf, KINDS, reviewOf } from '../test/review.js';
import type { Decision } from './decide.js';
import type { SiteJudgement } from './judgement.js';
import { renderAnswer } from './render-answer.js';
import { ReviewError } from './review-error.js';

const LISTS = ['containers', 'initContainers', 'ephemeralContainers', 'volumes'] as const;
const IMAGES = [
  'nginx',
  'nginx:1',
  'ghcr.io/acme/api:1.4.2',
  `nginx@${digestFor('a')}`,
  `ghcr.io/a/b:1@${digestFor('b')}`,
];

const image = fc.constantFrom(...IMAGES);
const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const container = fc.record({ name, image });
const volume = fc.oneof(
  fc.record({ name, image: fc.record({ reference: image }) }),
  fc.record({ name, emptyDir: fc.constant({}) }),
);
const podSpec = fc.record(
  {
    containers: fc.array(container, { maxLength: 4 }),
    initContainers: fc.array(container, { maxLength: 3 }),
    ephemeralContainers: fc.array(container, { maxLength: 2 }),
    volumes: fc.array(volume, { maxLength: 3 }),
  },
  { requiredKeys: ['containers'] },
);
const kind = fc.constantFrom(...KINDS.map((row) => row.kind));
/** Which of the images are proven; the others are refused. */
const trusted = fc.subarray(IMAGES);

const hostile = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(null, '', ' ', 0, -1, true, [], {}, '__proto__', '\ud800', '\u0000', 'a'.repeat(5000), {
    length: 3,
  }),
);

interface Case {
  readonly kind: (typeof KINDS)[number]['kind'];
  readonly spec: unknown;
  readonly oldSpec: unknown;
  readonly operation: string;
}
const anyCase: fc.Arbitrary<Case> = fc.record({
  kind,
  spec: podSpec,
  oldSpec: podSpec,
  operation: fc.constantFrom('CREATE', 'UPDATE'),
});

const judgeOf = (proofs: readonly string[]): Judge => {
  const refused: SiteJudgement = { outcome: 'refused', code: 'CNS-1003' };
  return (text) => (proofs.includes(text) ? proven(text) : refused);
};

/** All images of a pod spec with their short pointers, found by a second and simpler walker. */
function imagesIn(spec: unknown): Map<string, unknown> {
  const images = new Map<string, unknown>();
  for (const list of LISTS) {
    for (const [index, entry] of ((spec as Record<string, Record<string, never>[]>)[list] ?? []).entries()) {
      if (list !== 'volumes') images.set(`/${list}/${index}/image`, entry['image']);
      else if (entry['image'] !== undefined)
        images.set(`/${list}/${index}/image/reference`, entry['image']['reference']);
    }
  }
  return images;
}

function patchIn(decision: Decision): Operation[] {
  const { patch } = renderAnswer(decision, { revision: '' }).response;
  return patch === undefined ? [] : JSON.parse(Buffer.from(patch, 'base64').toString('utf8'));
}

describe('I1', () => {
  test('an admission has a ground for every image of the object, and for nothing else', () => {
    fc.assert(
      fc.property(anyCase, trusted, fc.boolean(), (parts, proofs, automaticUnchangedApproval) => {
        const decision = admit(reviewOf(parts), { judge: judgeOf(proofs), automaticUnchangedApproval });
        if (decision.kind === 'deny') return;
        const at = KINDS.find((row) => row.kind === parts.kind)?.at ?? '';
        const all = imagesIn(parts.spec);
        expect([...decision.judgements.keys()].toSorted()).toEqual(
          [...all.keys()].map((key) => at + key).toSorted(),
        );
        for (const [pointer, text] of all) {
          const judgement = [...decision.judgements].find(([id]) => id === at + pointer)?.[1];
          const unproven = judgement?.outcome === 'admitted' && judgement.ground.kind === 'unchanged';
          expect(unproven ? parts.operation === 'UPDATE' : proofs.includes(String(text))).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('where every image is proven and there is one, it is an admission: nobody is denied for nothing', () => {
    fc.assert(
      fc.property(anyCase, (parts) => {
        expect(admit(reviewOf(parts)).kind).toBe(imagesIn(parts.spec).size > 0 ? 'allow' : 'deny');
      }),
      { numRuns: 300 },
    );
  });

  test('one more trusted image never turns an admission into a denial', () => {
    fc.assert(
      fc.property(anyCase, trusted, image, (parts, proofs, more) => {
        const before = admit(reviewOf(parts), { judge: judgeOf(proofs) });
        const after = admit(reviewOf(parts), { judge: judgeOf([...proofs, more]) });
        expect(before.kind === 'allow' && after.kind === 'deny').toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('I3', () => {
  test('what we patched needs no further patch, passes /validate, and differs in images only', () => {
    fc.assert(
      fc.property(anyCase, (parts) => {
        const review = reviewOf(parts);
        const decision = admit(review);
        if (decision.kind === 'deny') return;
        const request = review['request'] as Record<string, unknown>;
        const patch = patchIn(decision);
        const object = applyPatch(structuredClone(request['object']), patch, true).newDocument;
        const again = { ...review, request: { ...request, object } };
        expect(patchIn(admit(again))).toEqual([]);
        expect(admit(again, { phase: 'validate' }).kind).toBe('allow');
        expect(patch.every(({ path }) => /\/(image|reference)$/.test(path))).toBe(true);
        expect(patch.filter(({ op }) => op === 'test')).toHaveLength(
          patch.filter(({ op }) => op === 'replace').length,
        );
      }),
      { numRuns: 300 },
    );
  });
});

describe('I2 hostile values', () => {
  const place = fc.constantFrom(
    'spec',
    'list',
    'container',
    'image',
    'name',
    'volumes',
    'volume',
    'reference',
    'metadata',
  );

  test('in any place of the object: a decision or a ReviewError, and an admission only for what was judged', () => {
    fc.assert(
      fc.property(
        kind,
        fc.constantFrom('CREATE', 'UPDATE'),
        place,
        hostile,
        fc.boolean(),
        (which, operation, where, value, inOld) => {
          const bad = hostileSpec(where, value);
          const good = { containers: [{ name: 'a', image: 'nginx' }] };
          const metadata = where === 'metadata' ? value : undefined;
          const parts = { kind: which, operation, metadata, oldMetadata: metadata };
          const review = reviewOf({ ...parts, spec: inOld ? good : bad, oldSpec: inOld ? bad : good });
          const decision = decided(review);
          if (decision?.kind !== 'allow') return;
          for (const judgement of decision.judgements.values()) expect(judgement.outcome).toBe('admitted');
          expect(decision.judgements.size).toBeGreaterThan(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('in any field of the request: a decision or a ReviewError, and every answer can be sent', () => {
    const fields = [
      'kind',
      'resource',
      'subResource',
      'name',
      'namespace',
      'operation',
      'userInfo',
      'object',
      'oldObject',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...fields), hostile, (field, value) => {
        const decision = decided(
          reviewOf({ spec: { containers: [{ name: 'a', image: 'nginx' }] }, request: { [field]: value } }),
        );
        if (decision === undefined) return;
        const text = JSON.stringify(renderAnswer(decision, { revision: 'r' }));
        expect(Buffer.byteLength(text)).toBeLessThan(10_000);
      }),
      { numRuns: 300 },
    );
  });
});

function hostileSpec(where: string, value: unknown): unknown {
  const good = { name: 'a', image: 'nginx' };
  switch (where) {
    case 'spec':
      return value;
    case 'list':
      return { containers: value };
    case 'container':
      return { containers: [value, good] };
    case 'image':
      return { containers: [{ name: 'a', image: value }] };
    case 'name':
      return { containers: [{ name: value, image: 'nginx' }] };
    case 'volumes':
      return { containers: [good], volumes: value };
    case 'volume':
      return { containers: [good], volumes: [value] };
    case 'reference':
      return { containers: [good], volumes: [{ name: 'v', image: { reference: value } }] };
    default:
      return { containers: [good] };
  }
}

/** The judge proves what parses and refuses the rest, as the gateway does. */
function decided(review: Record<string, unknown>): Decision | undefined {
  const judge: Judge = (text) => {
    try {
      return proven(text);
    } catch {
      return { outcome: 'refused', code: 'CNS-1010' };
    }
  };
  try {
    return admit(bytesOf(review), { judge });
  } catch (error) {
    if (error instanceof ReviewError) return undefined;
    throw error;
  }
}
