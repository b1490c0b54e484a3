import { expect, test } from 'vitest';

import { aDecidedImage, aDenial, anAdmission } from '#testing';

import { alertVariables, VARIABLE_TYPES } from './alert-variables.js';

const CONTEXT = { clusterIdentifier: 'prod', priority: 2 };

test('upstream’s names have upstream’s meaning', () => {
  expect(alertVariables(aDenial({ message: 'no' }), CONTEXT)).toMatchObject({
    alert_message: 'CONNAISSEUR rejected a request: no',
    priority: 2,
    connaisseur_pod_id: 'connaisseur-gateway-7d9f',
    namespace: 'shop',
    cluster: 'prod',
    timestamp: '2026-11-20T08:30:00.123Z',
    request_id: '6b1f1c9e-44a3-4a3c-9f0e-3a1c0f4b1a77',
    images: 'ghcr.io/acme/api:1.4.2',
    result: 'error',
    error: 'no',
  });
});

test('our names say what the record says', () => {
  const refused = { ...aDenial().images[0]!, image: 'ghcr.io/acme/web:2' };
  expect(
    alertVariables(aDenial({ images: [aDecidedImage(), refused], imageCount: 2 }), CONTEXT),
  ).toMatchObject({
    code: 'CNS-1004',
    reason: 'is signed, but not by a trusted key',
    hint: 'sign it with a key that the rule trusts',
    resource: 'Pod/api-7d9',
    images: 'ghcr.io/acme/api:1.4.2, ghcr.io/acme/web:2',
    image_list: ['ghcr.io/acme/api:1.4.2', 'ghcr.io/acme/web:2'],
    rejected_images: ['ghcr.io/acme/web:2'],
    digests: [aDecidedImage().digest],
    validator: 'acme-cosign',
    rule: 'ghcr.io/acme/*:*',
    duration_ms: 13,
    count: 2,
    user: '',
  });
});

test('every name has a value of its type, also where the record is poor', () => {
  const variables = alertVariables(
    anAdmission({ images: [], imageCount: 0, name: '', namespace: '' }),
    CONTEXT,
  );
  expect(Object.keys(variables).toSorted()).toEqual(Object.keys(VARIABLE_TYPES).toSorted());
  for (const [name, type] of Object.entries(VARIABLE_TYPES)) {
    const value = Object.entries(variables).find(([key]) => key === name)?.[1];
    expect([name, Array.isArray(value) ? 'list' : typeof value === 'number' ? 'number' : 'text']).toEqual([
      name,
      type,
    ]);
  }
});

test.for([
  {
    name: 'A13: images that the record left out are counted',
    images: ['a:1', 'b:1'],
    total: 1000,
    text: 'a:1, b:1 and 998 more',
  },
  {
    name: 'A13: long images are left out whole',
    images: ['a:1', 'x'.repeat(599), 'y'.repeat(599), 'z'.repeat(599), 'w'.repeat(599)],
    total: 5,
    text: / and 1 more$/,
  },
  { name: 'two images are two images', images: ['a:1', 'b:1'], total: 2, text: 'a:1, b:1' },
  { name: 'none is none', images: [], total: 0, text: '' },
])('$name', ({ images, total, text }) => {
  const record = anAdmission({ images: images.map((image) => aDecidedImage({ image })), imageCount: total });
  const value = alertVariables(record, CONTEXT).images;
  if (typeof text === 'string') expect(value).toBe(text);
  else expect(value).toMatch(text);
});

test('a time beyond the calendar does not throw', () => {
  expect(alertVariables(anAdmission({ time: Number.MAX_SAFE_INTEGER }), CONTEXT).timestamp).toBe(
    '+275760-09-13T00:00:00.000Z',
  );
});
