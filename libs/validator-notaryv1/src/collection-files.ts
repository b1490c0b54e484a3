import { hash } from 'node:crypto';

import type { FileSource } from './file-source.js';
import { Envelope } from './envelope.js';
import { TrustDataError } from './error.js';
import { NOTARY_LIMITS } from './limits.js';
import type { FileLink } from './metadata.js';
import type { RoleName } from './role-name.js';

/** The server has moved on while we gathered: its files belong to two generations, and gathering anew helps. */
export class MovedError extends TrustDataError {
  constructor(role: RoleName) {
    super('hash', `the server serves another ${role} than the one that its snapshot names`);
  }
}

/** Files of the plain names that a first look asks for at once. */
const PLAIN = [
  ['root', NOTARY_LIMITS.rootBytes],
  ['snapshot', NOTARY_LIMITS.snapshotBytes],
  ['targets', NOTARY_LIMITS.targetsBytes],
] as const;

/**
 * The files of one collection, by role and hash: fetched once, parsed once, and kept from one look to the next as long as
 * the collection names them. Nothing in here is verified.
 */
export class CollectionFiles {
  readonly #source: FileSource;
  readonly #collection: string;
  readonly #known: ReadonlyMap<string, Parsed>;
  /** What this look used, for the next one. */
  readonly #used = new Map<string, Parsed>();
  readonly #prefetched = new Map<string, Uint8Array>();

  constructor(source: FileSource, collection: string, before?: CollectionFiles) {
    this.#source = source;
    this.#collection = collection;
    this.#known = before === undefined ? new Map() : before.#used;
  }

  /** Bytes of all files that this look used. */
  get byteLength(): number {
    return [...this.#used.values()].reduce((sum, { envelope }) => sum + envelope.bytes.byteLength, 0);
  }

  /** Fetches root, snapshot and targets by their plain names, so that a first look takes one round trip. False where there is no root. */
  async prefetch(signal: AbortSignal): Promise<boolean> {
    const files = await Promise.all(PLAIN.map(([role, maxBytes]) => this.#fetch(role, maxBytes, signal)));
    for (const bytes of files) if (bytes !== undefined) this.#prefetched.set(hashOf(bytes), bytes);
    return files[0] !== undefined;
  }

  /** The newest timestamp; `undefined` where the server has none. */
  async timestamp<T>(parse: (envelope: Envelope) => T, signal: AbortSignal): Promise<T | undefined> {
    const bytes = await this.#fetch('timestamp', NOTARY_LIMITS.timestampBytes, signal);
    return bytes === undefined ? undefined : this.#parsed('timestamp', hashOf(bytes), bytes, parse);
  }

  /** True where the server has a root under its plain name. */
  async hasRoot(signal: AbortSignal): Promise<boolean> {
    return (await this.#fetch('root', NOTARY_LIMITS.rootBytes, signal)) !== undefined;
  }

  /** Exactly the file that a link names. Throws TrustDataError. */
  async linked<T>(
    role: RoleName,
    link: FileLink,
    parse: (envelope: Envelope) => T,
    signal: AbortSignal,
  ): Promise<T> {
    const known = this.#known.get(nameOf(role, link.sha256)) ?? this.#used.get(nameOf(role, link.sha256));
    const bytes =
      known?.envelope.bytes ??
      this.#prefetched.get(link.sha256) ??
      (await this.#fetchLinked(role, link, signal));
    return this.#parsed(role, link.sha256, bytes, parse);
  }

  /** A root by its version; `undefined` where the server does not have it. */
  async versionedRoot<T>(
    version: number,
    parse: (envelope: Envelope) => T,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const name = `${version}.root`;
    const bytes =
      this.#known.get(name)?.envelope.bytes ?? (await this.#fetch(name, NOTARY_LIMITS.rootBytes, signal));
    return bytes === undefined ? undefined : this.#keep(name, hashOf(bytes), bytes, parse);
  }

  async #fetchLinked(role: RoleName, link: FileLink, signal: AbortSignal): Promise<Uint8Array> {
    const byHash = await this.#fetch(`${role}.${link.sha256}`, link.length, signal);
    if (byHash !== undefined) {
      if (hashOf(byHash) === link.sha256) return byHash;
      throw new TrustDataError(
        'hash',
        `the server serves other bytes than the ${role} that was asked for by its hash`,
      );
    }
    const plain = await this.#fetch(role, NOTARY_LIMITS.targetsBytes, signal);
    if (plain === undefined || hashOf(plain) !== link.sha256) throw new MovedError(role);
    return plain;
  }

  #parsed<T>(role: RoleName, sha256: string, bytes: Uint8Array, parse: (envelope: Envelope) => T): T {
    return this.#keep(nameOf(role, sha256), sha256, bytes, parse);
  }

  /** `sha256` was computed over these bytes, here or when they were fetched. */
  #keep<T>(name: string, sha256: string, bytes: Uint8Array, parse: (envelope: Envelope) => T): T {
    const known = this.#known.get(name) ?? this.#used.get(name);
    if (known !== undefined) {
      this.#used.set(name, known);
      // A name holds the role, and each role has one parser: the value is what this parser made.
      return known.value as T;
    }
    try {
      const envelope = new Envelope(bytes, sha256);
      const value = parse(envelope);
      this.#used.set(name, { envelope, value });
      return value;
    } catch (cause) {
      if (!(cause instanceof TrustDataError)) throw cause;
      const [file] = name.split(' ');
      throw new TrustDataError(cause.fault, `${file}: ${cause.message}`, { cause });
    }
  }

  #fetch(name: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#source.file(this.#collection, name, maxBytes, signal);
  }
}

interface Parsed {
  readonly envelope: Envelope;
  readonly value: unknown;
}

function hashOf(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

function nameOf(role: RoleName, sha256: string): string {
  return `${role} ${sha256}`;
}
