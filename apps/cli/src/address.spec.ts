import { expect, test } from 'vitest';

import { parseAddress } from './address.js';

test.for([
  { name: 'IPv4', text: '127.0.0.1:5000', address: { host: '127.0.0.1', port: 5000 } },
  { name: 'a name', text: 'localhost:0', address: { host: 'localhost', port: 0 } },
  { name: 'IPv6', text: '[::1]:5000', address: { host: '::1', port: 5000 } },
  { name: 'IPv4 in IPv6', text: '[::ffff:127.0.0.1]:1', address: { host: '::ffff:127.0.0.1', port: 1 } },
  { name: 'the last port', text: 'a:65535', address: { host: 'a', port: 65_535 } },
])('$name is an address', ({ text, address }) => {
  expect(parseAddress(text)).toEqual(address);
});

test.for([
  { name: 'no port', text: '127.0.0.1' },
  { name: 'no host', text: ':5000' },
  { name: 'a port that is none', text: 'a:65536' },
  { name: 'IPv6 without brackets', text: '::1:5000' },
  { name: 'a URL', text: 'https://a:5000' },
  { name: 'a path', text: 'a:5000/x' },
  { name: 'nothing', text: '' },
])('$name is none', ({ text }) => {
  expect(() => parseAddress(text)).toThrow(expect.objectContaining({ name: 'UsageError' }));
});
