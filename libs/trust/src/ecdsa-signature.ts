import type { EcdsaCurve } from './public-key.js';

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** Order of the base point (SEC 2): r and s lie in [1, n-1]. */
const ORDERS: Readonly<Record<EcdsaCurve, Uint8Array>> = {
  'P-256': Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex'),
  'P-384': Buffer.from(
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
    'hex',
  ),
  'P-521': Buffer.from(
    '01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
    'hex',
  ),
};

/**
 * True for the DER encoding (X.690) of an Ecdsa-Sig-Value with r and s in range: no BER lengths, no leading zeros,
 * nothing after it. OpenSSL accepts more; a signature has one encoding here.
 */
export function isEcdsaSignature(bytes: Uint8Array, curve: EcdsaCurve): boolean {
  const content = takeElement(bytes, 0, SEQUENCE);
  if (content === undefined || content.end !== bytes.length) return false;
  const r = takeElement(bytes, content.start, INTEGER);
  if (r === undefined) return false;
  const s = takeElement(bytes, r.end, INTEGER);
  if (s === undefined || s.end !== bytes.length) return false;
  return [r, s].every(({ start, end }) => isScalar(bytes.subarray(start, end), ORDERS[curve]));
}

/** The one DER encoding of r‖s, two numbers of equal length: the form that OpenSSL takes without a detour. */
export function derOfPair(pair: Uint8Array): Uint8Array {
  const half = pair.length / 2;
  const content = Buffer.concat([integer(pair.subarray(0, half)), integer(pair.subarray(half))]);
  // P-521 alone needs a length of two bytes.
  const length = content.length < 0x80 ? [content.length] : [0x81, content.length];
  return Buffer.concat([Buffer.from([SEQUENCE, ...length]), content]);
}

/** A positive INTEGER without superfluous zeros. */
function integer(number: Uint8Array): Uint8Array {
  const start = number.findIndex((byte) => byte !== 0);
  const digits = number.subarray(start === -1 ? number.length - 1 : start);
  const head = (digits[0] ?? 0) >= 0x80 ? [INTEGER, digits.length + 1, 0] : [INTEGER, digits.length];
  return Buffer.concat([Buffer.from(head), digits]);
}

interface Element {
  readonly start: number;
  readonly end: number;
}

/**
 * The content of the element at `offset`; lengths of one byte, or 0x81 and one byte ≥ 0x80, which is all that a P-521
 * signature needs.
 */
function takeElement(bytes: Uint8Array, offset: number, tag: number): Element | undefined {
  const first = bytes[offset + 1];
  if (bytes[offset] !== tag || first === undefined) return undefined;
  if (first < 0x80) return within(bytes, offset + 2, first);
  const long = bytes[offset + 2];
  if (first !== 0x81 || long === undefined || long < 0x80) return undefined;
  return within(bytes, offset + 3, long);
}

function within(bytes: Uint8Array, start: number, length: number): Element | undefined {
  return start + length <= bytes.length ? { start, end: start + length } : undefined;
}

/** A positive DER INTEGER without superfluous zeros, below `order`. */
function isScalar(content: Uint8Array, order: Uint8Array): boolean {
  const [first, second] = content;
  if (first === undefined || first >= 0x80) return false;
  if (first !== 0) return isBelow(content, order);
  if (second === undefined || second < 0x80) return false;
  return isBelow(content.subarray(1), order);
}

/** Compares two big-endian numbers without leading zero bytes. */
function isBelow(value: Uint8Array, order: Uint8Array): boolean {
  return value.length === order.length ? Buffer.compare(value, order) < 0 : value.length < order.length;
}
