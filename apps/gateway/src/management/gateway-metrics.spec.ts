import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';

import type { DecidedImage, DecisionRecord } from '#contracts';
import { aDecidedImage, aDenial, anAdmission } from '#testing';

import { GatewayMetrics } from './gateway-metrics.js';

/** The eight names with their labels (reference, connaisseur-behaviour 5.8), with what one observation adds to them. */
async function countsAfter(...records: DecisionRecord[]): Promise<Record<string, number>> {
  const registry = new Registry();
  const metrics = new GatewayMetrics(registry);
  for (const record of records) metrics.observe(record, 0.01);
  const text = await registry.metrics();
  const lines = text.split('\n').filter((line) => /^connaisseur_(requests|validations)_/.test(line));
  const pairs = lines.map(
    (line) => [line.slice(12, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const,
  );
  return Object.fromEntries(pairs.filter(([, value]) => value !== 0));
}

const V = 'type="cosign",validator_name="acme-cosign"';
const failed = (fields: Partial<DecidedImage>): DecidedImage => {
  const { ground: _ground, digest: _digest, ...image } = aDecidedImage();
  return { ...image, outcome: 'refused', code: 'CNS-1003', ...fields };
};
const nobody = (fields: Partial<DecidedImage>): DecidedImage => {
  const { rule: _rule, validator: _validator, ...image } = failed(fields);
  return image;
};

describe('Connaisseur’s eight counters', () => {
  test.for<{ name: string; record: DecisionRecord; counts: Record<string, number> }>([
    {
      name: 'an admission',
      record: anAdmission(),
      counts: {
        requests_admitted_total: 1,
        [`validations_total{${V},result="success"}`]: 1,
        [`validations_successful_total{${V}}`]: 1,
      },
    },
    { name: 'the same in /validate', record: anAdmission({ phase: 'validate' }), counts: {} },
    {
      name: 'an admission from memory',
      record: anAdmission({ images: [aDecidedImage({ cached: true })] }),
      counts: {
        requests_admitted_total: 1,
        [`validations_total{${V},result="success"}`]: 1,
        [`validations_successful_total{${V}}`]: 1,
        [`validations_skipped_total{${V},reason="cache hit"}`]: 1,
      },
    },
    {
      name: 'an unchanged image',
      record: anAdmission({ images: [aDecidedImage({ ground: 'unchanged' })] }),
      counts: {
        requests_admitted_total: 1,
        [`validations_total{${V},result="success"}`]: 1,
        [`validations_successful_total{${V}}`]: 1,
        [`validations_skipped_total{${V},reason="unchanged image reference"}`]: 1,
      },
    },
    {
      name: 'a denial',
      record: aDenial({ images: [failed({})] }),
      counts: {
        'requests_denied_total{timeout="false"}': 1,
        [`validations_total{${V},result="error"}`]: 1,
        [`validations_failed_total{${V}}`]: 1,
      },
    },
    {
      name: 'a denial from memory',
      record: aDenial({ images: [failed({ cached: true })] }),
      counts: {
        'requests_denied_total{timeout="false"}': 1,
        [`validations_total{${V},result="error"}`]: 1,
        [`validations_failed_total{${V}}`]: 1,
        [`validations_skipped_total{${V},reason="cache hit"}`]: 1,
      },
    },
    {
      name: 'a timeout is an error too',
      record: aDenial({ result: 'timeout', images: [failed({ outcome: 'undecided', code: 'CNS-2006' })] }),
      counts: {
        'requests_denied_total{timeout="true"}': 1,
        [`validations_total{${V},result="error"}`]: 1,
        [`validations_failed_total{${V}}`]: 1,
        [`validations_timeouted_total{${V}}`]: 1,
      },
    },
    {
      name: 'no rule, or no reference: type unknown, no name',
      record: aDenial({ images: [nobody({ code: 'CNS-1001' })] }),
      counts: {
        'requests_denied_total{timeout="false"}': 1,
        'validations_total{type="unknown",validator_name="",result="error"}': 1,
        'validations_failed_total{type="unknown",validator_name=""}': 1,
      },
    },
    {
      name: 'detection mode counts as admitted, the image as failed',
      record: aDenial({ allowed: true, mode: 'detect', images: [failed({})] }),
      counts: {
        requests_admitted_total: 1,
        [`validations_total{${V},result="error"}`]: 1,
        [`validations_failed_total{${V}}`]: 1,
      },
    },
    {
      name: 'a review with a uid that could not be read',
      record: aDenial({ result: 'invalid', images: [] }),
      counts: { 'requests_denied_total{timeout="false"}': 1 },
    },
    {
      name: 'a body that is no review: an HTTP error is no verdict',
      record: aDenial({ uid: '', result: 'invalid', images: [] }),
      counts: {},
    },
  ])('$name', async ({ record, counts }) => {
    await expect(countsAfter(record)).resolves.toEqual(counts);
  });

  test('all eight are there from the start', async () => {
    const registry = new Registry();
    new GatewayMetrics(registry).requests.inc();
    const text = await registry.metrics();
    for (const name of [
      'requests_total',
      'requests_admitted_total',
      'requests_denied_total',
      'validations_total',
      'validations_successful_total',
      'validations_failed_total',
      'validations_skipped_total',
      'validations_timeouted_total',
    ]) {
      expect(text).toContain(`# TYPE connaisseur_${name} counter`);
    }
    expect(text).toContain('connaisseur_requests_total 1');
  });
});

test('S19 no label holds an image, a namespace, an object or a user', async () => {
  const registry = new Registry();
  const metrics = new GatewayMetrics(registry);
  const canary = 'canary';
  metrics.observe(
    aDenial({
      namespace: canary,
      name: canary,
      user: canary,
      kind: canary,
      uid: canary,
      images: [failed({ image: canary, message: canary })],
    }),
    1,
  );
  expect(await registry.metrics()).not.toContain(canary);
});

test('D10 the configuration in force and its weakenings are shown, the ones before are not', async () => {
  const registry = new Registry();
  const metrics = new GatewayMetrics(registry);
  metrics.showConfiguration('a'.repeat(64), ['detectionMode']);
  metrics.showConfiguration('b'.repeat(64), ['podsOnly']);
  const text = await registry.metrics();
  expect(text).toContain(`connaisseur_config_info{hash="${'b'.repeat(12)}"} 1`);
  expect(text).toContain('connaisseur_mode_info{feature="podsOnly"} 1');
  expect(text).not.toMatch(/aaaa|detectionMode/);
});
