import { X509Certificate } from 'node:crypto';

import { pemBlocks, toPem } from './pem-blocks.js';
import { PemError } from './pem-error.js';

/** The bundles of the large distributions hold about 150. */
const MAX_CERTIFICATES = 500;

/**
 * Text to the certificates in it, as PEM in our spelling. Titles and comments between the blocks are left out, as the
 * bundles of the distributions have them. Throws {@link PemError} where there is none, or something else.
 */
export function parseCertificates(text: string): string {
  const { blocks } = pemBlocks(text);
  if (blocks.length === 0) throw new PemError('expected certificates as PEM ("-----BEGIN CERTIFICATE-----")');
  if (blocks.length > MAX_CERTIFICATES)
    throw new PemError(`expected at most ${MAX_CERTIFICATES} certificates`);
  for (const { label, der } of blocks) {
    if (label !== 'CERTIFICATE') throw new PemError(`expected CERTIFICATE, got ${label}`);
    assertCertificate(der);
  }
  return blocks.map(toPem).join('');
}

function assertCertificate(der: Buffer): void {
  try {
    if (new X509Certificate(der).raw.equals(der)) return;
  } catch (cause) {
    throw new PemError('expected an X.509 certificate inside of the PEM block', { cause });
  }
  throw new PemError('expected an X.509 certificate and nothing after it inside of the PEM block');
}
