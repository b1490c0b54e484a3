import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type AddressClass,
  classifyAddress,
  isLoopbackHost,
  isWithinReach,
  type Reach,
} from './address-class.js';

describe('classifyAddress', () => {
  test.for<{ name: string; address: string; is: AddressClass }>([
    { name: 'G21 loopback', address: '127.0.0.1', is: 'loopback' },
    { name: 'G21 the whole loopback network', address: '127.255.255.254', is: 'loopback' },
    { name: 'G21 loopback, version 6', address: '::1', is: 'loopback' },
    { name: 'G21 loopback inside version 6', address: '::ffff:127.0.0.1', is: 'loopback' },
    { name: 'G21 loopback inside version 6, hex', address: '::ffff:7f00:1', is: 'loopback' },
    { name: 'G21 loopback behind NAT64', address: '64:ff9b::7f00:1', is: 'loopback' },
    { name: 'G21 loopback inside 6to4', address: '2002:7f00:1::', is: 'loopback' },
    { name: 'G21 RFC 1918, 10/8', address: '10.96.0.1', is: 'private' },
    { name: 'G21 RFC 1918, 172.16/12, last', address: '172.31.255.255', is: 'private' },
    { name: 'just after 172.16/12', address: '172.32.0.0', is: 'public' },
    { name: 'G21 RFC 1918, 192.168/16', address: '192.168.1.1', is: 'private' },
    { name: 'G21 carrier-grade NAT', address: '100.64.0.1', is: 'private' },
    { name: 'G21 unique local', address: 'fd12:3456::1', is: 'private' },
    { name: 'G21 metadata of most clouds', address: '169.254.169.254', is: 'forbidden' },
    { name: 'G21 metadata inside version 6', address: '::ffff:169.254.169.254', is: 'forbidden' },
    { name: 'G21 metadata, Alibaba', address: '100.100.100.200', is: 'forbidden' },
    { name: 'G21 metadata, Azure', address: '168.63.129.16', is: 'forbidden' },
    { name: 'G21 metadata, AWS version 6', address: 'fd00:ec2::254', is: 'forbidden' },
    { name: 'G21 link-local', address: 'fe80::1', is: 'forbidden' },
    { name: 'G21 link-local with a zone', address: 'fe80::1%eth0', is: 'forbidden' },
    { name: 'G21 unspecified', address: '0.0.0.0', is: 'forbidden' },
    { name: 'G21 unspecified, version 6', address: '::', is: 'forbidden' },
    { name: 'G21 multicast', address: '224.0.0.1', is: 'forbidden' },
    { name: 'G21 broadcast', address: '255.255.255.255', is: 'forbidden' },
    { name: 'G21 old compatible form', address: '::127.0.0.1', is: 'forbidden' },
    { name: 'no address', address: 'localhost', is: 'forbidden' },
    { name: 'public', address: '140.82.121.33', is: 'public' },
    { name: 'public, version 6', address: '2a04:4e42::201', is: 'public' },
    { name: 'public behind NAT64', address: '64:ff9b::8c52:7921', is: 'public' },
  ])('$name', ({ address, is }) => {
    expect(classifyAddress(address)).toBe(is);
  });

  test('an IPv4 address has the class of its mapped form', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(classifyAddress(`::ffff:${address}`)).toBe(classifyAddress(address));
      }),
    );
  });

  test('every IPv6 address has a class', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(['public', 'private', 'loopback', 'forbidden']).toContain(classifyAddress(address));
      }),
    );
  });
});

test.for<{ reach: Reach; within: readonly AddressClass[] }>([
  { reach: 'public', within: ['public'] },
  { reach: 'private', within: ['public', 'private'] },
  { reach: 'loopback', within: ['public', 'private', 'loopback'] },
])('reach $reach', ({ reach, within }) => {
  const classes: readonly AddressClass[] = ['public', 'private', 'loopback', 'forbidden'];
  expect(classes.filter((is) => isWithinReach(is, reach))).toEqual(within);
});

test.for([
  { name: 'localhost', host: 'localhost', is: true },
  { name: 'an address', host: '127.1.2.3', is: true },
  { name: 'a bracketed address', host: '[::1]', is: true },
  { name: 'a name below localhost', host: 'x.localhost', is: false },
  { name: 'a name that starts like one', host: '127.0.0.1.example.com', is: false },
  { name: 'a private address', host: '10.0.0.1', is: false },
])('isLoopbackHost: $name', ({ host, is }) => {
  expect(isLoopbackHost(host)).toBe(is);
});
