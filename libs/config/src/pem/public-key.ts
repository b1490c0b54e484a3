import { publicKeyFromSpki, TrustError } from '#trust';

import { pemBlocks, toPem } from './pem-blocks.js';
import { PemError } from './pem-error.js';

/**
 * Text to the one public key in it, as PEM in our spelling: ECDSA on P-256, P-384 or P-521, RSA, or Ed25519. Throws
 * {@link PemError} for anything else, and for anything beside it.
 */
export function parsePublicKey(text: string): string {
  const { blocks, rest } = pemBlocks(text);
  const [block] = blocks;
  if (block === undefined) throw new PemError('expected a public key as PEM ("-----BEGIN PUBLIC KEY-----")');
  if (blocks.length > 1)
    throw new PemError(`expected one PEM block, got ${blocks.length}: make a trust root of each`);
  if (rest.trim() !== '') throw new PemError('expected nothing before and after the PEM block');
  if (block.label !== 'PUBLIC KEY') throw new PemError(wrongLabel(block.label));
  assertUsable(block.der);
  return toPem(block);
}

/** Which keys verify is the trust lib's to say; here it only becomes a finding. */
function assertUsable(der: Uint8Array): void {
  try {
    publicKeyFromSpki(der);
  } catch (cause) {
    if (cause instanceof TrustError) throw new PemError(cause.message, { cause });
    throw cause;
  }
}

function wrongLabel(label: string): string {
  if (label === 'RSA PUBLIC KEY') {
    return 'expected PUBLIC KEY, got RSA PUBLIC KEY: openssl rsa -RSAPublicKey_in -in old.pem -pubout -out new.pem';
  }
  if (label.endsWith('PRIVATE KEY')) {
    return `expected PUBLIC KEY, got ${label}: take it out of this file and replace the key pair`;
  }
  return `expected PUBLIC KEY, got ${label}`;
}
