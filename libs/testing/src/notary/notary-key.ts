import { constants, createHash, generateKeyPairSync, type KeyObject, sign, webcrypto } from 'node:crypto';

import { signingForm } from './signing-form.js';

export type NotaryKeyType = 'ecdsa' | 'rsa' | 'ed25519' | 'ecdsa-x509' | 'rsa-x509';

export interface NotarySignature {
  keyid: string;
  method: string;
  sig: string;
}

/** The JSON of a key in metadata. */
export interface NotaryKeyJson {
  keytype: string;
  keyval: { private: null; public: string };
}

interface CertificateOptions {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly ca?: boolean;
  /** What the certificate is signed over. */
  readonly hash?: 'SHA-1' | 'SHA-256';
}

/** A key that signs trust data, as notary writes it. */
export class NotaryKey {
  readonly id: string;
  readonly json: NotaryKeyJson;
  readonly publicKey: KeyObject;
  readonly #privateKey: KeyObject;
  /** By name: a certificate costs more than a whole publication. */
  readonly #certified = new Map<string, Promise<NotaryKey>>();

  private constructor(
    pair: { publicKey: KeyObject; privateKey: KeyObject },
    keytype: NotaryKeyType,
    text: string,
  ) {
    this.publicKey = pair.publicKey;
    this.#privateKey = pair.privateKey;
    this.json = { keytype, keyval: { private: null, public: text } };
    this.id = createHash('sha256').update(signingForm(this.json)).digest('hex');
  }

  static ecdsa(namedCurve: 'P-256' | 'P-384' = 'P-256'): NotaryKey {
    const pair = generateKeyPairSync('ec', { namedCurve });
    return new NotaryKey(pair, 'ecdsa', spki(pair.publicKey));
  }

  static rsa(modulusLength = 2048): NotaryKey {
    const pair = generateKeyPairSync('rsa', { modulusLength });
    return new NotaryKey(pair, 'rsa', spki(pair.publicKey));
  }

  static ed25519(): NotaryKey {
    const pair = generateKeyPairSync('ed25519');
    const raw = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
    return new NotaryKey(pair, 'ed25519', raw.toString('base64'));
  }

  /**
   * This key under a self-signed certificate for `commonName`, as root keys have one for each collection; the same one
   * where nothing else is asked for.
   */
  certified(commonName: string, options?: CertificateOptions): Promise<NotaryKey> {
    if (options !== undefined) return this.#certify(commonName, options);
    const made = this.#certified.get(commonName) ?? this.#certify(commonName, {});
    this.#certified.set(commonName, made);
    return made;
  }

  async #certify(commonName: string, options: CertificateOptions): Promise<NotaryKey> {
    // Only where it is used: it takes longer to load than most tests that import this folder.
    await import('reflect-metadata');
    const x509 = await import('@peculiar/x509');
    const isRsa = this.#privateKey.asymmetricKeyType === 'rsa';
    const hash = options.hash ?? 'SHA-256';
    const algorithm = isRsa
      ? { name: 'RSASSA-PKCS1-v1_5', hash }
      : { name: 'ECDSA', namedCurve: 'P-256', hash };
    const der = this.#privateKey.export({ format: 'der', type: 'pkcs8' });
    const privateKey = await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']);
    const spkiBytes = this.publicKey.export({ format: 'der', type: 'spki' });
    const publicKey = await webcrypto.subtle.importKey('spki', spkiBytes, algorithm, true, ['verify']);
    const certificate = await x509.X509CertificateGenerator.createSelfSigned(
      {
        name: [{ CN: [commonName] }],
        keys: { privateKey, publicKey },
        signingAlgorithm: algorithm,
        notBefore: options.notBefore ?? new Date('2020-01-01T00:00:00Z'),
        notAfter: options.notAfter ?? new Date('2049-01-01T00:00:00Z'),
        extensions: [new x509.BasicConstraintsExtension(options.ca ?? false, undefined, true)],
      },
      webcrypto,
    );
    const text = Buffer.from(`${certificate.toString('pem')}\n`).toString('base64');
    const pair = { publicKey: this.publicKey, privateKey: this.#privateKey };
    return new NotaryKey(pair, isRsa ? 'rsa-x509' : 'ecdsa-x509', text);
  }

  /** The public half as a trust root of the configuration has it. */
  get pem(): string {
    return this.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  }

  /** For a client that wants the private half: PKCS#8. */
  get privatePem(): string {
    return this.#privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  }

  sign(bytes: Uint8Array, method: string = this.#method()): NotarySignature {
    return { keyid: this.id, method, sig: this.#sign(bytes, method.toLowerCase()).toString('base64') };
  }

  #method(): string {
    const type = this.#privateKey.asymmetricKeyType;
    if (type === 'rsa') return 'rsapss';
    return type === 'ed25519' ? 'eddsa' : 'ecdsa';
  }

  #sign(bytes: Uint8Array, method: string): Buffer {
    const key = this.#privateKey;
    if (method === 'eddsa') return sign(null, bytes, key);
    if (method === 'ecdsa') return sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' });
    if (method === 'rsapkcs1v15') return sign('sha256', bytes, key);
    return sign('sha256', bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  }
}

function spki(key: KeyObject): string {
  return key.export({ format: 'der', type: 'spki' }).toString('base64');
}
