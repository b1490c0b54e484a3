import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';

import { expect, test } from 'vitest';

import { makeOwnCertificate } from './own-certificate.js';

const NOW = new Date('2026-11-21T00:00:00Z');

test('the authority vouches for the certificate, and the key is the certificate’s', async () => {
  const { ca, cert, key } = await makeOwnCertificate(['gateway'], NOW);
  const [authority, serving] = [new X509Certificate(ca), new X509Certificate(cert)];
  expect(serving.verify(authority.publicKey)).toBe(true);
  expect(serving.checkIssued(authority)).toBe(true);
  expect([authority.ca, serving.ca]).toEqual([true, false]);
  expect(serving.checkPrivateKey(createPrivateKey(key))).toBe(true);
});

test.for([
  { name: 'a name that was given', host: 'gateway', yes: true },
  { name: 'localhost', host: 'localhost', yes: true },
  { name: '127.0.0.1', host: '127.0.0.1', yes: true },
  { name: '::1', host: '::1', yes: true },
  { name: 'another name', host: 'other', yes: false },
])('it is for $name: $yes', async ({ host, yes }) => {
  const serving = new X509Certificate((await makeOwnCertificate(['gateway', '127.0.0.1'], NOW)).cert);
  const found = isIP(host) === 0 ? serving.checkHost(host) : serving.checkIP(host);
  expect(found !== undefined).toBe(yes);
});

test('it lasts a quarter of a year from now', async () => {
  const serving = new X509Certificate((await makeOwnCertificate([], NOW)).cert);
  expect(serving.validFromDate.getTime()).toBeLessThanOrEqual(NOW.getTime());
  expect(serving.validToDate).toEqual(new Date('2027-02-19T00:00:00Z'));
});
