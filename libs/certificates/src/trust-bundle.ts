import { X509Certificate } from 'node:crypto';

/** More roots than any overlap needs; the API server reads them with every change. */
const MAX_CERTIFICATES = 16;
const MAX_CHARACTERS = 256 * 1024;
const BLOCK = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** The certificates of a PEM text were not what was expected. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/** The certificates of a PEM text, in order; throws {@link CertificateError} for none, too many, or one that cannot be read. */
export function parseCertificates(pem: string): readonly X509Certificate[] {
  if (pem.length > MAX_CHARACTERS)
    throw new CertificateError(`expected at most ${MAX_CHARACTERS} characters of PEM`);
  const blocks = pem.match(BLOCK) ?? [];
  if (blocks.length === 0 || blocks.length > MAX_CERTIFICATES) {
    throw new CertificateError(`expected 1 to ${MAX_CERTIFICATES} certificates in PEM, got ${blocks.length}`);
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw new CertificateError('expected certificates in PEM, got one that cannot be read', { cause });
  }
}

/** One PEM text with each certificate once, in order, without those that have ended. */
export function joinBundle(pems: readonly string[], now: Date): string {
  const seen = new Set<string>();
  const living = pems.flatMap(parseCertificates).filter((certificate) => {
    const isNew = !seen.has(certificate.fingerprint256) && certificate.validToDate > now;
    seen.add(certificate.fingerprint256);
    return isNew;
  });
  return living.map((certificate) => certificate.toString()).join('');
}

/** True if every certificate of `wanted` is in `bundle`. */
export function bundleHolds(bundle: string, wanted: string): boolean {
  const has = new Set(parseCertificates(bundle).map(({ fingerprint256 }) => fingerprint256));
  return parseCertificates(wanted).every(({ fingerprint256 }) => has.has(fingerprint256));
}

/** True if a certificate of the bundle, alive now, signed the first certificate of this PEM. */
export function isTrustedBy(cert: string, bundle: string, now: Date): boolean {
  const [leaf] = parseCertificates(cert);
  return parseCertificates(bundle).some(
    (root) =>
      leaf !== undefined && root.validToDate > now && leaf.checkIssued(root) && leaf.verify(root.publicKey),
  );
}
