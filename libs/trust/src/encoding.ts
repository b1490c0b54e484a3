import { TrustError } from './error.js';

/**
 * RFC 4648 section 4, and nothing else: padded, without white space, without the URL-safe alphabet, without stray bits
 * at the end. One text stands for one byte string, so an encoded value may be compared as text or as bytes. Throws
 * {@link TrustError}.
 */
export function decodeBase64(text: string): Uint8Array {
  // `Buffer.from` skips what it does not know; encoding again is the one check that misses nothing.
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) {
    throw new TrustError('base64', 'expected standard base64 with padding and nothing around it');
  }
  return bytes;
}

/** Lower-case hex of whole bytes. Throws {@link TrustError}. */
export function decodeHex(text: string): Uint8Array {
  // `Buffer.from` stops at the first character that is no digit.
  const bytes = Buffer.from(text, 'hex');
  if (bytes.toString('hex') !== text) throw new TrustError('hex', 'expected lower-case hex digits in pairs');
  return bytes;
}
