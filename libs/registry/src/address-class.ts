import { isIP, isIPv4, isIPv6 } from 'node:net';

/**
 * Where an address is. `forbidden` is never connected to: link-local and cloud metadata, multicast, unspecified, reserved.
 */
export type AddressClass = 'public' | 'private' | 'loopback' | 'forbidden';

/** How near an address a request may reach: each level includes the ones before it. */
export type Reach = 'public' | 'private' | 'loopback';

type Network = readonly [prefix: string, bits: number, is: AddressClass];

/** IANA special-purpose registries (RFC 6890 and successors), and the fixed metadata addresses of the big clouds. First hit wins. */
const IPV4_NETWORKS: readonly Network[] = [
  ['100.100.100.200', 32, 'forbidden'], // metadata, Alibaba
  ['168.63.129.16', 32, 'forbidden'], // metadata, Azure
  ['192.0.0.0', 24, 'forbidden'], // IETF assignments; metadata, Oracle
  ['0.0.0.0', 8, 'forbidden'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'forbidden'], // link-local; metadata, most clouds
  ['10.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.64.0.0', 10, 'private'], // RFC 6598, used by clusters
  ['198.18.0.0', 15, 'private'],
  ['192.0.2.0', 24, 'forbidden'],
  ['198.51.100.0', 24, 'forbidden'],
  ['203.0.113.0', 24, 'forbidden'],
  ['224.0.0.0', 3, 'forbidden'], // multicast, reserved, broadcast
];

const IPV6_NETWORKS: readonly Network[] = [
  ['::1', 128, 'loopback'],
  ['fd00:ec2::254', 128, 'forbidden'], // metadata, AWS
  ['fd20:ce::254', 128, 'forbidden'], // metadata, Google
  ['fc00::', 7, 'private'],
  ['2001:db8::', 32, 'forbidden'],
  ['2001::', 32, 'forbidden'], // Teredo
  ['2000::', 3, 'public'],
];

/** Networks whose last or middle bits are an IPv4 address, which then decides: RFC 4291 mapped, RFC 6052, RFC 3056. */
const IPV4_INSIDE: readonly (readonly [prefix: string, bits: number, shift: bigint])[] = [
  ['::ffff:0:0', 96, 0n],
  ['64:ff9b::', 96, 0n],
  ['2002::', 16, 80n],
];

const IPV4_TABLE = IPV4_NETWORKS.map(([prefix, bits, is]) => ({ prefix: ipv4Bits(prefix), bits, is }));
const IPV6_TABLE = IPV6_NETWORKS.map(([prefix, bits, is]) => ({ prefix: ipv6Bits(prefix), bits, is }));
const INSIDE_TABLE = IPV4_INSIDE.map(([prefix, bits, shift]) => ({ prefix: ipv6Bits(prefix), bits, shift }));

/** The class of an IP address in text form; what is no address, or has a zone, is `forbidden`. */
export function classifyAddress(address: string): AddressClass {
  if (isIPv4(address)) return classOfIpv4(ipv4Bits(address));
  if (!isIPv6(address) || address.includes('%')) return 'forbidden';
  const bits = ipv6Bits(address);
  const inside = INSIDE_TABLE.find((network) => isWithin(bits, network.prefix, network.bits, 128));
  if (inside !== undefined) return classOfIpv4((bits >> inside.shift) & 0xffff_ffffn);
  return IPV6_TABLE.find((network) => isWithin(bits, network.prefix, network.bits, 128))?.is ?? 'forbidden';
}

/** True if a request with this reach may connect to an address of this class. */
export function isWithinReach(is: AddressClass, reach: Reach): boolean {
  switch (is) {
    case 'public':
      return true;
    case 'private':
      return reach !== 'public';
    case 'loopback':
      return reach === 'loopback';
    case 'forbidden':
      return false;
  }
}

/** True for `localhost` and for loopback addresses; not for names that happen to resolve to one. */
export function isLoopbackHost(hostname: string): boolean {
  const bare = withoutBrackets(hostname);
  return bare === 'localhost' || (isIP(bare) !== 0 && classifyAddress(bare) === 'loopback');
}

/** `[::1]` → `::1`; anything else stays. */
export function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname;
}

function classOfIpv4(bits: bigint): AddressClass {
  return IPV4_TABLE.find((network) => isWithin(bits, network.prefix, network.bits, 32))?.is ?? 'public';
}

function isWithin(address: bigint, prefix: bigint, bits: number, width: number): boolean {
  const shift = BigInt(width - bits);
  return address >> shift === prefix >> shift;
}

function ipv4Bits(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function ipv6Bits(text: string): bigint {
  const [head = '', tail] = ipv4TailAsHex(text).split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const gap = Array.from({ length: 8 - left.length - right.length }, () => 0n);
  return [...left, ...gap, ...right].reduce((bits, group) => (bits << 16n) | group, 0n);
}

function ipv4TailAsHex(text: string): string {
  const at = text.lastIndexOf(':') + 1;
  const tail = text.slice(at);
  if (!tail.includes('.')) return text;
  const bits = ipv4Bits(tail);
  return `${text.slice(0, at)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

function groups(text: string): bigint[] {
  return text === '' ? [] : text.split(':').map((group) => BigInt(`0x${group}`));
}
