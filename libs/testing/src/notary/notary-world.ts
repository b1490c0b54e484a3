import { createHash } from 'node:crypto';

import { parseImageReference } from '#image-ref';
import { type Proof, RefusedError, type RuleOptions, Trace, UndecidedError } from '#validator';

import {
  type FileSource,
  FloorStore,
  InMemoryFileSource,
  type NotaryEvent,
  NotaryV1Validator,
} from '#validator-notaryv1';

import type { NotaryKey } from './notary-key.js';
import { VirtualNotary, virtualNotaryKeys } from './virtual-notary.js';

/** Made once: keys cost more than everything else in these tests. */
export const NOTARY_KEYS = virtualNotaryKeys();
export const NOTARY_NOW = Date.parse('2026-11-21T06:00:00Z');
export const NOTARY_COLLECTION = 'registry.example/acme/app';

/** A digest that nothing else has. */
export function notaryDigest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

export interface NotaryWorldOptions {
  readonly roots?: Readonly<Record<string, NotaryKey>>;
  readonly unsafe?: boolean;
  readonly floors?: FloorStore;
  readonly source?: (files: ReadonlyMap<string, Uint8Array>) => FileSource;
  readonly freshMs?: number;
  readonly maxTimestampAgeSeconds?: number;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
}

export interface NotaryAsking {
  readonly image?: string;
  readonly with?: Partial<RuleOptions>;
  readonly now?: number;
  readonly signal?: AbortSignal;
}

const DEFAULTS: RuleOptions = {
  trustRoot: 'default',
  mode: 'mutate',
  verifyInTransparencyLog: true,
  verifySCT: true,
  verificationLevel: 'strict',
  verifyTimestamp: 'always',
};

/** A notary in memory and a validator that reads it. */
export class NotaryWorld {
  readonly notary = new VirtualNotary(NOTARY_KEYS, () => NOTARY_NOW);
  readonly events: NotaryEvent[] = [];
  readonly source: FileSource;
  readonly validator: NotaryV1Validator;
  trace = new Trace();

  constructor(options: NotaryWorldOptions = {}) {
    const roots = options.roots ?? { default: NOTARY_KEYS.root };
    this.source = options.source?.(this.notary.files) ?? new InMemoryFileSource(this.notary.files);
    this.validator = new NotaryV1Validator(
      {
        name: 'notary',
        trustRoots: Object.entries(roots).map(([name, key]) => ({ name, key: key.pem })),
        unsafeIgnoreCollectionName: options.unsafe ?? false,
        maxTimestampAgeSeconds: options.maxTimestampAgeSeconds,
      },
      {
        source: this.source,
        floors: options.floors ?? new FloorStore(),
        observe: (event) => this.events.push(event),
        freshMs: options.freshMs ?? 0,
        ...(options.clock === undefined ? {} : { clock: options.clock }),
      },
    );
  }

  async ask({
    image = `${NOTARY_COLLECTION}:v1`,
    with: options = {},
    now = NOTARY_NOW,
    signal,
  }: NotaryAsking = {}): Promise<Proof> {
    this.trace = new Trace();
    const rule = this.validator.bind({ ...DEFAULTS, ...options });
    return await rule.check(parseImageReference(image), {
      now: new Date(now),
      signal: signal ?? new AbortController().signal,
      trace: this.trace,
    });
  }

  /** The digest, or the code of the error. */
  async verdict(asking: NotaryAsking = {}): Promise<string> {
    try {
      return (await this.ask(asking)).digest ?? 'no digest';
    } catch (error) {
      if (error instanceof RefusedError || error instanceof UndecidedError) return error.code;
      throw error;
    }
  }
}
