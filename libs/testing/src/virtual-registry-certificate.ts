import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** Private key and certificate of a server, in PEM. */
export interface ServerCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority of one test. Its certificates hold for five years around now, unless told otherwise. */
export class TestAuthority {
  /** PEM of the authority's own certificate: what a client trusts. */
  readonly pem: string;
  readonly #name: Buffer;
  readonly #key: KeyObject;

  constructor(commonName = 'test authority') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#name = distinguishedName(commonName);
    this.#key = privateKey;
    this.pem = certificate({
      issuer: this.#name,
      subject: this.#name,
      publicKey,
      signer: privateKey,
      validity: fiveYears(),
      extensions: [BASIC_CONSTRAINTS_CA, KEY_USAGE_CA],
    });
  }

  /** A server's certificate for these DNS names and IPv4 addresses. */
  issue(
    names: readonly string[] = ['127.0.0.1', 'localhost'],
    validity: { notBefore: Date; notAfter: Date } = fiveYears(),
  ): ServerCertificate {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: certificate({
        issuer: this.#name,
        subject: distinguishedName(names[0] ?? 'server'),
        publicKey,
        signer: this.#key,
        validity,
        extensions: [subjectAltName(names)],
      }),
    };
  }
}

interface CertificateParts {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly signer: KeyObject;
  readonly validity: { readonly notBefore: Date; readonly notAfter: Date };
  readonly extensions: readonly Buffer[];
}

const ECDSA_WITH_SHA256 = sequence(oid([1, 2, 840, 10045, 4, 3, 2]));
const BASIC_CONSTRAINTS_CA = extension([2, 5, 29, 19], true, sequence(der(0x01, Buffer.from([0xff]))));
/** keyCertSign and cRLSign. */
const KEY_USAGE_CA = extension([2, 5, 29, 15], true, der(0x03, Buffer.from([0x01, 0x06])));

/** RFC 5280, 4.1. */
function certificate({ issuer, subject, publicKey, signer, validity, extensions }: CertificateParts): string {
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(generalizedTime(validity.notBefore), generalizedTime(validity.notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', body, signer)]));
  const base64 = sequence(body, ECDSA_WITH_SHA256, signature).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function fiveYears(): { notBefore: Date; notAfter: Date } {
  const halfMs = 2.5 * 365 * 86_400_000;
  return { notBefore: new Date(Date.now() - halfMs), notAfter: new Date(Date.now() + halfMs) };
}

function distinguishedName(commonName: string): Buffer {
  return sequence(der(0x31, sequence(oid([2, 5, 4, 3]), der(0x0c, Buffer.from(commonName, 'utf8')))));
}

function subjectAltName(names: readonly string[]): Buffer {
  const general = names.map((name) =>
    isIPv4(name)
      ? der(0x87, Buffer.from(name.split('.').map(Number)))
      : der(0x82, Buffer.from(name, 'ascii')),
  );
  return extension([2, 5, 29, 17], false, sequence(...general));
}

function extension(id: readonly number[], critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

function generalizedTime(date: Date): Buffer {
  const text = date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14);
  // RFC 5280, 4.1.2.5: years before 2050 are UTCTime.
  return date.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${text.slice(2)}Z`))
    : der(0x18, Buffer.from(`${text}Z`));
}

function oid([first = 0, second = 0, ...rest]: readonly number[]): Buffer {
  const bytes = rest.flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), derLength(content.length), content]);
}

function derLength(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}
