import 'reflect-metadata';

import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';

import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
/** Clocks of other machines may be behind ours. */
const BACKDATE_MS = 3_600_000;

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Lifetime {
  readonly now: Date;
  readonly lifetimeMs: number;
}

/** Subject of serving certificates. OpenSSL compares names without case: no authority may be called the same. */
const SERVING_NAME = 'connaisseur serving';

/** A new certificate authority that may sign serving certificates and nothing below them; ECDSA P-256. */
export async function makeAuthority(commonName: string, lifetime: Lifetime): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const cert = await X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    ...validity(lifetime),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      // An authority and its successor have one name: who checks a chain tells them apart by this.
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: cert.toString('pem'), key: await pem(keys.privateKey) };
}

/** A serving certificate of this authority for these DNS names and addresses. It never outlives the authority. */
export async function issueServing(
  authority: KeyPair,
  names: readonly string[],
  { now, lifetimeMs }: Lifetime,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.cert);
  const signingKey = await importKey(authority.key);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const left = issuer.notAfter.getTime() - now.getTime();
  const cert = await X509CertificateGenerator.create({
    subject: [{ CN: [SERVING_NAME] }],
    issuer: issuer.subject,
    ...validity({ now, lifetimeMs: Math.min(lifetimeMs, left) }),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: ALGORITHM,
    extensions: [...servingExtensions(names), await AuthorityKeyIdentifierExtension.create(issuer.publicKey)],
  });
  return { cert: cert.toString('pem'), key: await pem(keys.privateKey) };
}

function servingExtensions(names: readonly string[]): Extension[] {
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      [...new Set(names)].map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
    ),
  ];
}

function validity({ now, lifetimeMs }: Lifetime): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() - BACKDATE_MS), notAfter: new Date(now.getTime() + lifetimeMs) };
}

async function pem(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

async function importKey(text: string): Promise<webcrypto.CryptoKey> {
  const [der] = PemConverter.decode(text);
  if (der === undefined) throw new TypeError('expected a private key in PEM, got none');
  return await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
