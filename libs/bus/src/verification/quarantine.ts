import { z } from 'zod';

import type { VerdictKeys } from '../keys/signature-keys.js';
import { EnvelopeError } from './error.js';
import type { BusObserver } from './observer.js';
import { parseJson } from './request-envelope.js';
import { openText, sealText } from './signed-text.js';
import type { Subject } from './subject.js';

const DOMAIN = 'connaisseur/quarantine/v1';
/** However it is written, nothing is quarantined for longer at a time, milliseconds. */
const LONGEST_MS = 300_000;

/** One image under one rule that nobody verifies until then. */
export const QuarantineRecord = z.strictObject({
  cluster: z.string().max(128),
  subject: z.string().max(64),
  /** End, milliseconds since the epoch by Redis' clock. */
  until: z.number().int().nonnegative(),
});
export type QuarantineRecord = z.infer<typeof QuarantineRecord>;

/** Text of a record, signed: only a verifier can quarantine. */
export function sealQuarantine(record: QuarantineRecord, keys: VerdictKeys): string {
  return sealText(DOMAIN, JSON.stringify(record), keys);
}

/** The record in a text, authentic and of this cluster; throws {@link EnvelopeError}. */
export function openQuarantine(text: string, cluster: string, keys: VerdictKeys): QuarantineRecord {
  const parsed = QuarantineRecord.safeParse(parseJson(openText(DOMAIN, text, keys)));
  if (!parsed.success)
    throw new EnvelopeError('schema', 'expected a quarantine record', { cause: parsed.error });
  if (parsed.data.cluster === cluster) return parsed.data;
  throw new EnvelopeError('schema', 'expected a quarantine record of this cluster, got one of another');
}

/** What is quarantined, as a process last read it. */
export class QuarantineList {
  readonly #cluster: string;
  readonly #keys: () => VerdictKeys;
  readonly #observer: BusObserver;
  #until = new Map<Subject, number>();
  /** Texts judged before, so that a record is verified once and a forged one is counted once. */
  #judged = new Map<string, QuarantineRecord | undefined>();
  #keysJudged: VerdictKeys | undefined;

  constructor(options: { cluster: string; keys: () => VerdictKeys; observer: BusObserver }) {
    this.#cluster = options.cluster;
    this.#keys = options.keys;
    this.#observer = options.observer;
  }

  /** Replaces the list by the records in these texts. */
  replace(texts: readonly string[], now: number): void {
    const keys = this.#keys();
    const known = this.#keysJudged === keys ? this.#judged : new Map<string, QuarantineRecord | undefined>();
    this.#keysJudged = keys;
    this.#judged = new Map(
      texts.map((text) => [text, known.has(text) ? known.get(text) : this.#open(text, keys)]),
    );
    this.#until = new Map();
    for (const record of this.#judged.values()) if (record !== undefined) this.add(record, now);
  }

  add({ subject, until }: QuarantineRecord, now: number): void {
    const bounded = Math.min(until, now + LONGEST_MS);
    this.#until.set(subject, Math.max(bounded, this.#until.get(subject) ?? 0));
  }

  /** True where nothing at all is quarantined. */
  get isEmpty(): boolean {
    return this.#until.size === 0;
  }

  has(subject: Subject, now: number): boolean {
    return (this.#until.get(subject) ?? 0) > now;
  }

  #open(text: string, keys: VerdictKeys): QuarantineRecord | undefined {
    try {
      return openQuarantine(text, this.#cluster, keys);
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      this.#observer.observe({ kind: 'forged', message: 'quarantine', fault: error.code });
      return undefined;
    }
  }
}
