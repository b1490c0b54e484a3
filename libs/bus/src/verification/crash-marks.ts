import { z } from 'zod';

import type { VerdictKeys } from '../keys/signature-keys.js';
import { EnvelopeError } from './error.js';
import { parseJson } from './request-envelope.js';
import { openText, sealText } from './signed-text.js';
import type { Subject } from './subject.js';

/** When an image under a rule counts as one that kills verifiers. */
export interface CrashSettings {
  /** A mark without a beat for this long stands for a run that did not survive, milliseconds. */
  readonly staleMs: number;
  /** Runs alone that did not survive until the image is quarantined. */
  readonly crashes: number;
  readonly quarantineMs: number;
  /** For how long marks and suspicion last, milliseconds. */
  readonly rememberMs: number;
}

export const CRASH_DEFAULTS: CrashSettings = {
  staleMs: 1000,
  crashes: 3,
  quarantineMs: 60_000,
  rememberMs: 600_000,
};

const DOMAIN = 'connaisseur/mark/v1';
const MarkBody = z.strictObject({
  cluster: z.string().max(128),
  subject: z.string().max(64),
  run: z.string().max(200),
  beat: z.number().int().nonnegative(),
});

/**
 * Stands in Redis from before a run alone until after it. No code runs at a `kill -9`, so it is the mark that is left
 * behind, and no longer renewed, that tells of the crash.
 */
export interface CrashMark {
  readonly run: string;
  /** Last sign of life by Redis' clock, milliseconds. */
  readonly beat: number;
}

/** Text of a mark, signed: only a verifier can say that a run of it crashed. */
export function sealMark(cluster: string, subject: Subject, mark: CrashMark, keys: VerdictKeys): string {
  return sealText(DOMAIN, JSON.stringify({ cluster, subject, run: mark.run, beat: mark.beat }), keys);
}

/** The mark in a text, authentic and of this run of this subject; throws {@link EnvelopeError}. */
export function openMark(
  cluster: string,
  subject: Subject,
  run: string,
  text: string,
  keys: VerdictKeys,
): CrashMark {
  const parsed = MarkBody.safeParse(parseJson(openText(DOMAIN, text, keys)));
  if (!parsed.success) throw new EnvelopeError('schema', 'expected a mark', { cause: parsed.error });
  if (parsed.data.cluster === cluster && parsed.data.subject === subject && parsed.data.run === run) {
    return { run, beat: parsed.data.beat };
  }
  throw new EnvelopeError('schema', 'expected a mark of this run, got one of another');
}

/** What to do with an image that wants to run alone. */
export type AloneDecision =
  | { readonly kind: 'run' }
  /** It runs alone elsewhere, or died so recently that nobody can tell. */
  | { readonly kind: 'wait' }
  /** `forgive`: marks to take away, so that after the quarantine it may run once, and one more crash is enough. */
  | { readonly kind: 'quarantine'; readonly crashes: number; readonly forgive: readonly string[] };

/** Decides from the marks of the other runs; `now` by Redis' clock. */
export function decideAlone(
  others: readonly CrashMark[],
  now: number,
  settings: CrashSettings,
): AloneDecision {
  const crashed = others
    .filter(({ beat }) => now - beat >= settings.staleMs)
    .sort((left, right) => left.beat - right.beat);
  if (crashed.length >= settings.crashes) {
    const forgiven = crashed.slice(0, crashed.length - settings.crashes + 1);
    return { kind: 'quarantine', crashes: crashed.length, forgive: forgiven.map(({ run }) => run) };
  }
  return { kind: others.length > crashed.length ? 'wait' : 'run' };
}
