import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** `rekor-v1` signs with ECDSA P-256 and promises inclusion; `rekor-v2` signs with Ed25519 and only proves it. */
export type VirtualLogKind = 'rekor-v1' | 'rekor-v2';

export interface VirtualLogOptions {
  readonly kind?: VirtualLogKind;
  /** The name that the log signs checkpoints with. */
  readonly name?: string;
  readonly now?: () => Date;
}

/** An entry as the log accepted it. */
export interface LoggedEntry {
  readonly body: Buffer;
  /** Place in the log's tree. */
  readonly index: number;
  /** Seconds since the epoch; 0 for Rekor v2. */
  readonly integratedTime: number;
}

/** What a client gets to prove inclusion: mutable on purpose, so that a test can break one thing. */
export interface LogProof {
  logIndex: string;
  rootHash: string;
  treeSize: string;
  hashes: string[];
  checkpoint: { envelope: string };
}

/** `tlogEntries[i]` of a Sigstore bundle, in ProtoJSON. */
export interface TlogEntry {
  logIndex: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: LogProof;
  canonicalizedBody: string;
}

/** The annotation `dev.sigstore.cosign/bundle`. */
export interface RekorBundle {
  SignedEntryTimestamp: string;
  Payload: { body: string; integratedTime: number; logIndex: number; logID: string };
}

/** Sharded logs count entries of earlier trees too. */
const EARLIER_ENTRIES = 1000;

/**
 * A transparency log in memory, as Rekor is one: a Merkle tree with signed checkpoints and, in version 1, signed entry
 * timestamps.
 */
export class VirtualLog {
  readonly kind: VirtualLogKind;
  readonly name: string;
  readonly publicKeyPem: string;
  readonly logId: Buffer;
  readonly #privateKey: KeyObject;
  readonly #now: () => Date;
  readonly #leaves: Buffer[] = [];

  constructor({ kind = 'rekor-v1', name = 'rekor.test', now = () => new Date() }: VirtualLogOptions = {}) {
    const { publicKey, privateKey } =
      kind === 'rekor-v1'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('ed25519');
    const spki = publicKey.export({ format: 'der', type: 'spki' });
    this.kind = kind;
    this.name = name;
    this.publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    this.logId =
      kind === 'rekor-v1'
        ? sha256(spki)
        : sha256(Buffer.concat([Buffer.from(`${name}\n\u0001`), spki.subarray(-32)]));
    this.#privateKey = privateKey;
    this.#now = now;
  }

  /** Adds an entry; other entries before and after it make its proof a path. */
  append(body: Uint8Array): LoggedEntry {
    this.#leaves.push(Buffer.from(body));
    return {
      body: Buffer.from(body),
      index: this.#leaves.length - 1,
      integratedTime: this.kind === 'rekor-v1' ? Math.floor(this.#now().getTime() / 1000) : 0,
    };
  }

  /** The entry as a legacy signature carries it. */
  legacyBundle(entry: LoggedEntry): RekorBundle {
    return {
      SignedEntryTimestamp: this.signedEntryTimestamp(entry).toString('base64'),
      Payload: this.#payload(entry),
    };
  }

  /** The entry as a bundle carries it. */
  tlogEntry(entry: LoggedEntry): TlogEntry {
    const { kind, apiVersion } = JSON.parse(entry.body.toString()) as { kind: string; apiVersion: string };
    const common = {
      logIndex: String(this.#globalIndex(entry)),
      logId: { keyId: this.logId.toString('base64') },
      kindVersion: { kind, version: apiVersion },
    };
    const rest = {
      inclusionProof: this.inclusionProof(entry),
      canonicalizedBody: entry.body.toString('base64'),
    };
    if (this.kind === 'rekor-v2') return { ...common, ...rest };
    return {
      ...common,
      integratedTime: String(entry.integratedTime),
      inclusionPromise: { signedEntryTimestamp: this.signedEntryTimestamp(entry).toString('base64') },
      ...rest,
    };
  }

  inclusionProof(entry: LoggedEntry): LogProof {
    const rootHash = treeHash(this.#leaves).toString('base64');
    return {
      logIndex: String(entry.index),
      rootHash,
      treeSize: String(this.#leaves.length),
      hashes: auditPath(entry.index, this.#leaves).map((hash) => hash.toString('base64')),
      checkpoint: { envelope: this.checkpoint() },
    };
  }

  /** A signed note of the tree as it is now. */
  checkpoint(): string {
    const origin = this.kind === 'rekor-v1' ? `${this.name} - 1` : this.name;
    const text = `${origin}\n${this.#leaves.length}\n${treeHash(this.#leaves).toString('base64')}\n`;
    const signature = Buffer.concat([this.logId.subarray(0, 4), this.#sign(Buffer.from(text))]);
    return `${text}\n\u2014 ${this.name} ${signature.toString('base64')}\n`;
  }

  signedEntryTimestamp(entry: LoggedEntry): Buffer {
    const { body, integratedTime, logID, logIndex } = this.#payload(entry);
    return this.#sign(Buffer.from(JSON.stringify({ body, integratedTime, logID, logIndex })));
  }

  #payload(entry: LoggedEntry): RekorBundle['Payload'] {
    return {
      body: entry.body.toString('base64'),
      integratedTime: entry.integratedTime,
      logIndex: this.#globalIndex(entry),
      logID: this.logId.toString('hex'),
    };
  }

  #globalIndex({ index }: LoggedEntry): number {
    return this.kind === 'rekor-v1' ? EARLIER_ENTRIES + index : index;
  }

  #sign(data: Buffer): Buffer {
    return sign(this.kind === 'rekor-v1' ? 'sha256' : null, data, this.#privateKey);
  }
}

/** RFC 6962, 2.1, as it is written there. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256(Buffer.alloc(0));
  if (leaves.length === 1) return sha256(Buffer.concat([Buffer.of(0), first]));
  const split = splitOf(leaves.length);
  return sha256(
    Buffer.concat([Buffer.of(1), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split))]),
  );
}

/** RFC 6962, 2.1.1. */
function auditPath(index: number, leaves: readonly Buffer[]): readonly Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  return index < split
    ? [...auditPath(index, leaves.slice(0, split)), treeHash(leaves.slice(split))]
    : [...auditPath(index - split, leaves.slice(split)), treeHash(leaves.slice(0, split))];
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
