import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

import { CertificateError, parseCertificates } from '#certificates';

import { InstallationError } from './error.js';
import type { SecretFiles } from './secrets.js';

/** Clocks of other machines may be ahead of ours. */
const SKEW_MS = 300_000;

/** What a serving pair is for, and at what time. */
export interface ServingUse {
  /** Name of the Secret, for messages. */
  readonly secret: string;
  /** The name that the API server asks for. */
  readonly host: string;
  readonly now: Date;
  /** How the Secret is put right. */
  readonly remedy: string;
}

/**
 * Throws {@link InstallationError} unless the API server would take what this Secret lets a gateway serve: a PEM key and its
 * certificate, for this name, alive, and trusted by `ca.crt` where there is one. No message holds a byte of the key.
 */
export function assertServingPair(files: SecretFiles, { secret, host, now, remedy }: ServingUse): void {
  const fail = (file: string, what: string, cause?: unknown): InstallationError =>
    new InstallationError(
      'certificate',
      `Secret ${secret}, ${file}: ${what}; nothing was changed. ${remedy}, and try again`,
      cause === undefined ? {} : { cause },
    );
  const chain = certificatesOf(files, 'tls.crt', fail);
  const [leaf] = chain;
  const key = keyOf(files, fail);
  if (leaf === undefined || !leaf.checkPrivateKey(key)) {
    throw fail('tls.crt', 'expected first the certificate of tls.key, got one of another key');
  }
  if (leaf.checkHost(host, { subject: 'never' }) === undefined) {
    throw fail(
      'tls.crt',
      `expected a certificate for the DNS name ${host}, got ${leaf.subjectAltName ?? 'one without subject alternative names'}`,
    );
  }
  assertAlive(leaf, now, fail);
  assertServable(files, fail);
  if (!files.get('ca.crt')) return;
  if (!isVouchedFor(chain, certificatesOf(files, 'ca.crt', fail), now)) {
    throw fail('ca.crt', 'expected the authority of tls.crt, not ended, got none that vouches for it');
  }
}

type Fail = (file: string, what: string, cause?: unknown) => InstallationError;

function certificatesOf(files: SecretFiles, file: string, fail: Fail): readonly X509Certificate[] {
  try {
    return parseCertificates(files.get(file) ?? '');
  } catch (cause) {
    if (cause instanceof CertificateError) throw fail(file, cause.message, cause);
    throw cause;
  }
}

/** Without a cause: nothing that looked at the key goes into a log. */
function keyOf(files: SecretFiles, fail: Fail): KeyObject {
  try {
    return createPrivateKey({ key: files.get('tls.key') ?? '', format: 'pem' });
  } catch {
    throw fail('tls.key', 'expected a private key in PEM without a passphrase, got something else');
  }
}

function assertAlive({ validFromDate, validToDate }: X509Certificate, now: Date, fail: Fail): void {
  if (validToDate <= now) {
    throw fail(
      'tls.crt',
      `expected a certificate that has not ended, got one until ${validToDate.toISOString()}`,
    );
  }
  if (validFromDate.getTime() > now.getTime() + SKEW_MS) {
    throw fail(
      'tls.crt',
      `expected a certificate that has begun, got one from ${validFromDate.toISOString()}`,
    );
  }
}

/** What else OpenSSL refuses to serve: a short RSA key, a digest that is broken. */
function assertServable(files: SecretFiles, fail: Fail): void {
  try {
    createSecureContext({ cert: files.get('tls.crt') ?? '', key: files.get('tls.key') ?? '' });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no reason given';
    throw fail('tls.crt', `expected a pair that TLS can serve, got ${code}`);
  }
}

/** True where a living root is the first certificate itself, or signed it or one that vouches for it. */
function isVouchedFor(
  [leaf, ...others]: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: Date,
): boolean {
  const living = roots.filter(({ validToDate }) => validToDate > now);
  const left = new Set(others);
  const reached = leaf === undefined ? [] : [leaf];
  for (const certificate of reached) {
    if (living.some((root) => isSame(root, certificate) || hasSigned(root, certificate))) return true;
    for (const issuer of left) {
      if (!hasSigned(issuer, certificate)) continue;
      left.delete(issuer);
      reached.push(issuer);
    }
  }
  return false;
}

function isSame(one: X509Certificate, other: X509Certificate): boolean {
  return one.fingerprint256 === other.fingerprint256;
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
