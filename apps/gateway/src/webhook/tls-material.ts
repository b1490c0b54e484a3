import { createHash, X509Certificate } from 'node:crypto';

/** What the webhook shows to the API server; both PEM. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
}

/** Where the material comes from and how we hear that it changed. */
export abstract class TlsSource {
  /** The material of now; throws where there is none. */
  abstract read(): TlsMaterial;
}

/** Always the same pair: `standalone` without files. */
export class FixedTls extends TlsSource {
  readonly #material: TlsMaterial;

  constructor(material: TlsMaterial) {
    super();
    this.#material = material;
  }

  override read(): TlsMaterial {
    return this.#material;
  }
}

/** A pair of files, read anew on each look: the kubelet swaps them in place. */
export class TlsFiles extends TlsSource {
  readonly #read: (path: string) => string;
  readonly #paths: { cert: string; key: string };

  constructor(paths: { cert: string; key: string }, read: (path: string) => string) {
    super();
    this.#paths = paths;
    this.#read = read;
  }

  override read(): TlsMaterial {
    return { cert: this.#read(this.#paths.cert), key: this.#read(this.#paths.key) };
  }
}

/** A name for this pair, to see a change by. */
export function fingerprint({ cert, key }: TlsMaterial): string {
  return createHash('sha256').update(cert).update('\0').update(key).digest('hex');
}

/** When the first certificate of the chain ends, milliseconds since the epoch. */
export function notAfter({ cert }: TlsMaterial): number {
  return new X509Certificate(cert).validToDate.getTime();
}
