import 'reflect-metadata';

import { isIP } from 'node:net';

import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** A certificate for localhost and the given names, and the certificate authority that vouches for it; PEM. */
export interface OwnCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a short-lived authority and one serving certificate; the authority's key is forgotten at once. */
export async function makeOwnCertificate(names: readonly string[], now: Date): Promise<OwnCertificate> {
  const authority = await crypto.subtle.generateKey(ALGORITHM, false, ['sign', 'verify']);
  const serving = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const validity = {
    notBefore: new Date(now.getTime() - DAY_MS),
    notAfter: new Date(now.getTime() + 90 * DAY_MS),
  };
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=Connaisseur standalone CA',
    ...validity,
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  const cert = await X509CertificateGenerator.create({
    subject: 'CN=connaisseur',
    issuer: ca.subject,
    ...validity,
    publicKey: serving.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        [...new Set(['localhost', '127.0.0.1', '::1', ...names])].map((value) => ({
          type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
          value,
        })),
      ),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', serving.privateKey);
  return {
    ca: ca.toString('pem'),
    cert: cert.toString('pem'),
    key: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
  };
}
