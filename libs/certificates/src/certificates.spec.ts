import { X509Certificate } from 'node:crypto';

import { beforeAll, expect, test } from 'vitest';

import { issueServing, type KeyPair, makeAuthority } from './authority.js';
import { lifeOf } from './lifetime.js';
import { bundleHolds, CertificateError, isTrustedBy, joinBundle, parseCertificates } from './trust-bundle.js';

const DAY_MS = 86_400_000;
const NOW = new Date('2026-11-21T00:00:00Z');
const later = (days: number): Date => new Date(NOW.getTime() + days * DAY_MS);

let first: KeyPair;
let second: KeyPair;
let serving: KeyPair;

beforeAll(async () => {
  first = await makeAuthority('first', { now: NOW, lifetimeMs: 10 * DAY_MS });
  second = await makeAuthority('second', { now: NOW, lifetimeMs: 365 * DAY_MS });
  serving = await issueServing(first, ['svc.ns.svc', '127.0.0.1'], { now: NOW, lifetimeMs: 90 * DAY_MS });
});

test('a serving certificate names its hosts, is no authority and ends with its authority', () => {
  const leaf = new X509Certificate(serving.cert);
  expect(leaf.checkHost('svc.ns.svc')).toBe('svc.ns.svc');
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(leaf.checkHost('other.ns.svc')).toBeUndefined();
  expect(leaf.ca).toBe(false);
  expect(new X509Certificate(first.cert).ca).toBe(true);
  expect(lifeOf(serving.cert).notAfter).toEqual(lifeOf(first.cert).notAfter);
});

test('a chain holds among authorities of one name, and no certificate looks signed by itself', async () => {
  const lifetime = { now: NOW, lifetimeMs: DAY_MS };
  const [old, young] = [await makeAuthority('one name', lifetime), await makeAuthority('one name', lifetime)];
  const leaf = new X509Certificate((await issueServing(young, ['a'], lifetime)).cert);
  expect(leaf.checkIssued(leaf)).toBe(false);
  expect(leaf.checkIssued(new X509Certificate(young.cert))).toBe(true);
  expect(leaf.checkIssued(new X509Certificate(old.cert))).toBe(false);
});

test('a life is rotated at two thirds', () => {
  const { notBefore, notAfter, rotateAt } = lifeOf(second.cert);
  const share = (rotateAt.getTime() - notBefore.getTime()) / (notAfter.getTime() - notBefore.getTime());
  expect(share).toBeCloseTo(2 / 3, 3);
});

test.for([
  { name: 'its own authority', bundle: () => first.cert, at: NOW, trusted: true },
  {
    name: 'its authority among others',
    bundle: () => joinBundle([second.cert, first.cert], NOW),
    at: NOW,
    trusted: true,
  },
  { name: 'another authority', bundle: () => second.cert, at: NOW, trusted: false },
  { name: 'an authority that has ended', bundle: () => first.cert, at: later(11), trusted: false },
])('trust in a certificate with $name: $trusted', ({ bundle, at, trusted }) => {
  expect(isTrustedBy(serving.cert, bundle(), at)).toBe(trusted);
});

test('a bundle holds each once, and nothing that has ended', () => {
  const both = joinBundle([first.cert, second.cert, first.cert], NOW);
  expect(parseCertificates(both)).toHaveLength(2);
  expect(bundleHolds(both, second.cert)).toBe(true);
  const rest = joinBundle([both], later(11));
  expect(bundleHolds(rest, first.cert)).toBe(false);
  expect(bundleHolds(rest, second.cert)).toBe(true);
});

test.for([
  { name: 'no PEM', pem: 'hello' },
  { name: 'a broken certificate', pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
  { name: 'too much', pem: 'x'.repeat(300_000) },
])('$name is refused', ({ pem }) => {
  expect(() => parseCertificates(pem)).toThrow(CertificateError);
});
