import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import type { AdmittedWorkload } from '#contracts';

import { Ed25519Signer, Ed25519Verifier } from '../decisions/signing.js';
import { InMemoryAdmittedWorkloads } from './in-memory-admitted-workloads.js';
import { MAX_WORKLOAD_RECORD, openWorkload, sealWorkload } from './workload-record.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const signer = new Ed25519Signer('g1', privateKey);
const stranger = new Ed25519Signer('g1', generateKeyPairSync('ed25519').privateKey);
const verifier = new Ed25519Verifier(new Map([['g1', publicKey]]));

const WORKLOAD: AdmittedWorkload = {
  namespace: 'shop',
  uid: 'c1d404cd',
  trustRevision: 'b'.repeat(64),
  until: 2_000_000_000_000,
  images: [{ path: 'containers/a', image: `r.example/a@sha256:${'1'.repeat(64)}`, rule: 'a'.repeat(64) }],
};
const sealed = (workload: unknown = WORKLOAD, pen = signer): string =>
  sealWorkload('here', workload as AdmittedWorkload, pen);
/** The record with its JSON text changed behind the signature. */
const changed = (change: (json: string) => string): string => {
  const [id, signature, json = ''] = sealed().split('\n');
  return [id, signature, change(json)].join('\n');
};

describe('a record', () => {
  test.for([
    { name: 'of a gateway', text: sealed(), kind: 'workload', fault: undefined },
    { name: 'of nobody that is known', text: sealed(WORKLOAD, stranger), kind: 'forged', fault: 'signature' },
    {
      name: 'whose key was taken away',
      text: sealed().replace(/^g1/, 'g0'),
      kind: 'forged',
      fault: 'signature',
    },
    {
      name: 'with another image',
      text: changed((json) => json.replace('/a@', '/evil@')),
      kind: 'forged',
      fault: 'signature',
    },
    {
      name: 'with a longer life',
      text: changed((json) => json.replace('2000', '3000')),
      kind: 'forged',
      fault: 'signature',
    },
    { name: 'with a blank', text: changed((json) => `${json} `), kind: 'forged', fault: 'signature' },
    { name: 'that is empty', text: '', kind: 'forged', fault: 'malformed' },
    {
      name: 'of three lines of anything',
      text: `g1\n${'A'.repeat(86)}\n{}`,
      kind: 'forged',
      fault: 'signature',
    },
    { name: 'that is no record', text: sealed({}), kind: 'forged', fault: 'malformed' },
    {
      name: 'with a key that we do not know',
      text: sealed({ ...WORKLOAD, x: 1 }),
      kind: 'forged',
      fault: 'malformed',
    },
    {
      name: 'that is too long',
      text: sealed() + 'x'.repeat(MAX_WORKLOAD_RECORD),
      kind: 'forged',
      fault: 'malformed',
    },
  ])('$name', ({ text, kind, fault }) => {
    const opened = openWorkload('here', text, verifier);
    expect(opened).toEqual(fault === undefined ? { kind, workload: WORKLOAD } : { kind, fault });
  });

  test('of another cluster', () => {
    expect(openWorkload('there', sealed(), verifier)).toEqual({ kind: 'forged', fault: 'signature' });
  });

  test('as large as the contract allows fits', () => {
    const images = Array.from({ length: 64 }, (_, index) => ({
      path: `containers/${`${index}`.padEnd(289, 'x')}`,
      image: 'x'.repeat(600),
      rule: 'a'.repeat(64),
    }));
    const text = sealed({ ...WORKLOAD, images });
    expect(text.length).toBeLessThan(MAX_WORKLOAD_RECORD);
    expect(openWorkload('here', text, verifier).kind).toBe('workload');
  });
});

test('the twin in memory keeps ten thousand, the newest', async () => {
  const store = new InMemoryAdmittedWorkloads({ now: () => 1_999_999_999_000 });
  for (let index = 0; index <= 10_000; index += 1) await store.put({ ...WORKLOAD, uid: `u${index}` });
  const { signal } = new AbortController();
  expect(await store.get({ namespace: 'shop', uid: 'u0' }, signal)).toBeUndefined();
  expect(await store.get({ namespace: 'shop', uid: 'u10000' }, signal)).toMatchObject({ uid: 'u10000' });
});
