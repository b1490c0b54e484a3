import { expect, test } from 'vitest';

import { configurationOf } from '../test/fake-validator.js';
import { namedHosts } from './named-hosts.js';

test.for([
  { name: 'a host in a pattern', host: 'ghcr.io', known: true },
  { name: 'a host with a port', host: 'reg.example:5000', known: true },
  { name: 'where Docker Hub’s images come from', host: 'registry-1.docker.io', known: true },
  { name: 'S19 a host that only an image names', host: 'evil.example', known: false },
  { name: 'a namespace is no host', host: 'library', known: false },
  { name: 'a host with a wildcard', host: '*.wild.example', known: false },
])('$name: $known', ({ host, known }) => {
  const policy = `  - { pattern: "reg.example:5000/*:*", validator: deny }
  - { pattern: "library/*:*", validator: deny }
  - { pattern: "*.wild.example/*:*", validator: deny }`;
  expect(namedHosts(configurationOf({ policy })).has(host)).toBe(known);
});

test('S19 there is a bound whatever the policy', () => {
  const policy = Array.from(
    { length: 500 },
    (_, n) => `  - { pattern: "h${n}.example/*:*", validator: deny }`,
  );
  expect(namedHosts(configurationOf({ policy: policy.join('\n') })).size).toBeLessThanOrEqual(200);
});

test('a notary server is named by its validator', () => {
  const configuration = configurationOf();
  const notary = {
    type: 'notaryv1',
    name: 'notary',
    host: 'https://notary.example:4443/',
    trustRoots: [],
    auth: { kind: 'none' },
    cert: undefined,
    unsafeIgnoreCollectionName: false,
  } as const;
  expect(namedHosts({ ...configuration, validators: [notary] })).toContain('notary.example:4443');
});
