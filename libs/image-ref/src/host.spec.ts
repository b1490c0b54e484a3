import { expect, test } from 'vitest';

import { ImageReferenceError, isHost, parseHost } from './index.js';

test.for([
  { name: 'R14 Docker Hub', text: 'index.docker.io', expected: 'docker.io' },
  { name: 'R16 capitals', text: 'GHCR.io', expected: 'ghcr.io' },
  { name: 'R15 the default port', text: 'ghcr.io:443', expected: 'ghcr.io' },
  { name: 'a port', text: 'localhost:5000', expected: 'localhost:5000' },
  { name: 'a bare name keeps a port, else it is a namespace', text: 'registry', expected: 'registry:443' },
  { name: 'a bare name with a port', text: 'registry:5000', expected: 'registry:5000' },
  { name: 'IPv6', text: '[2001:DB8::1]:443', expected: '[2001:db8::1]' },
])('$name', ({ text, expected }) => {
  expect(parseHost(text)).toBe(expected);
  expect(parseHost(expected)).toBe(expected);
  expect(isHost(expected)).toBe(true);
});

test.for([
  { name: 'nothing', text: '', fault: 'host' },
  { name: 'a path', text: 'ghcr.io/x', fault: 'host' },
  { name: 'R26 a scheme', text: 'https://ghcr.io', fault: 'port' },
  { name: 'R27 a user', text: 'user@ghcr.io', fault: 'host' },
  { name: 'R19 the Kelvin sign', text: '\u212a8s.io', fault: 'not-ascii' },
  { name: 'R24 a blank', text: 'ghcr.io ', fault: 'not-ascii' },
  { name: 'R39 far too long', text: 'a.'.repeat(100_000), fault: 'too-long' },
  { name: 'a wildcard', text: '*.io', fault: 'host' },
])('$name is no host', ({ text, fault }) => {
  expect(() => parseHost(text)).toThrow(
    expect.toSatisfy((e) => e instanceof ImageReferenceError && e.fault === fault),
  );
});
