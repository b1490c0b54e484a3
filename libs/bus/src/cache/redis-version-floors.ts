import { hash } from 'node:crypto';

import type { RedisCommands } from '../decisions/redis-commands.js';
import { type DecisionSigner, type DecisionVerifier, parseSignature } from '../decisions/signing.js';
import { BriefRedis } from './brief-redis.js';

/** What the store has to tell: for metrics and logs. */
export type VersionFloorEvent =
  | { readonly kind: 'stored' }
  | { readonly kind: 'forged'; readonly fault: 'malformed' | 'signature' }
  | { readonly kind: 'failed'; readonly cause: unknown };

export interface RedisVersionFloorsOptions {
  readonly redis: RedisCommands;
  readonly cluster: string;
  /** Public halves of the verifiers' keys. */
  readonly verifier: DecisionVerifier;
  /** A verifier's own key. Who has none reads only. */
  readonly signer?: DecisionSigner;
  /** Wall clock, ms since the epoch. */
  readonly now: () => number;
  readonly observe: (event: VersionFloorEvent) => void;
}

/** What the keys begin with: verifiers read and write here, and nobody else need. */
export const FLOOR_KEYS = 'connaisseur:floor:';
/** List: signed notes of operators' resets, the oldest first. */
export const FLOOR_RESETS = `${FLOOR_KEYS}resets`;

const DOMAIN = 'connaisseur version floor 1';
/** Key id, signature and text, each on a line. */
const RECORD = /^([\w.-]{1,128})\n([\w-]{86})\n([^\n]+)$/;
const MAX_RECORD = 64 * 1024;
const MAX_NOTES = 100;
/**
 * A protection and no mere help: who can slow Redis down shall not have older versions believed for it, ms. It is asked
 * beside a notary server, which takes about as long; a Redis that is known to be away is not waited for.
 */
const WAIT_MS = 1_000;
/** Longer than any metadata role lives that a publisher renews, ms. */
const LIFE_MS = 400 * 86_400_000;

/**
 * The highest versions of trust data that verifiers have seen, one signed text for each name. A help: what cannot be read
 * or proven is not there, after a second at most; each process remembers for itself as well.
 */
export class RedisVersionFloors {
  readonly #options: RedisVersionFloorsOptions;
  readonly #redis: BriefRedis;

  constructor(options: RedisVersionFloorsOptions) {
    this.#options = options;
    const { redis, now, observe } = options;
    const onFailure = (cause: unknown): void => observe({ kind: 'failed', cause });
    this.#redis = new BriefRedis({ redis, now, onFailure, timeoutMs: WAIT_MS });
  }

  /** The text of this name that a verifier signed; nothing otherwise. Never rejects. */
  async read(name: string, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted || !this.#redis.isReachable) return undefined;
    // Anybody may have written the value: never more of it than a record can have.
    const record = await this.#redis.ask(['GETRANGE', this.#key(name), 0, MAX_RECORD], signal);
    return typeof record === 'string' && record !== '' ? this.#open(name, record) : undefined;
  }

  /** Keeps a text of one line. Never rejects. */
  async write(name: string, text: string): Promise<void> {
    const record = this.#redis.isReachable ? this.#seal(name, text) : undefined;
    if (record === undefined) return;
    const reply = await this.#redis.ask(['SET', this.#key(name), record, 'PX', LIFE_MS]);
    if (reply !== undefined) this.#options.observe({ kind: 'stored' });
  }

  /** Adds a signed note to the list of resets; false where Redis did not take it. */
  async note(text: string): Promise<boolean> {
    const record = this.#redis.isReachable ? this.#seal(FLOOR_RESETS, text) : undefined;
    return record !== undefined && (await this.#redis.ask(['RPUSH', FLOOR_RESETS, record])) !== undefined;
  }

  /** The newest notes of resets that a verifier's key signed, the oldest first; `undefined` where Redis did not answer. */
  async notes(signal: AbortSignal): Promise<readonly string[] | undefined> {
    const records = await this.#redis.ask(['LRANGE', FLOOR_RESETS, -MAX_NOTES, -1], signal);
    if (!Array.isArray(records)) return undefined;
    return records.flatMap((record: unknown) => {
      const text = typeof record === 'string' ? this.#open(FLOOR_RESETS, record) : undefined;
      return text === undefined ? [] : [text];
    });
  }

  #seal(name: string, text: string): string | undefined {
    const { signer } = this.#options;
    if (signer === undefined || text.includes('\n')) return undefined;
    const { id } = signer;
    const signature = Buffer.from(signer.sign(this.#signedBytes(name, id, text))).toString('base64url');
    const record = [id, signature, text].join('\n');
    return record.length > MAX_RECORD ? undefined : record;
  }

  #open(name: string, record: string): string | undefined {
    const [, id, signatureText = '', text] =
      (record.length <= MAX_RECORD ? RECORD.exec(record) : undefined) ?? [];
    const signature = parseSignature(signatureText);
    if (id === undefined || text === undefined || signature === undefined) return this.#forged('malformed');
    const isProven = this.#options.verifier.verify(id, this.#signedBytes(name, id, text), signature);
    return isProven ? text : this.#forged('signature');
  }

  #forged(fault: 'malformed' | 'signature'): undefined {
    this.#options.observe({ kind: 'forged', fault });
    return undefined;
  }

  #signedBytes(name: string, id: string, text: string): Uint8Array {
    return Buffer.from(`${DOMAIN}\n${JSON.stringify([this.#options.cluster, name, id])}\n${text}`);
  }

  /** A hash, so that no name can reach another's place; the record is signed for its name. */
  #key(name: string): string {
    return `${FLOOR_KEYS}${hash('sha256', JSON.stringify([this.#options.cluster, name]), 'hex')}`;
  }
}
