import type { Verdict } from '#contracts';
import { type ImageReference, isDigest } from '#image-ref';
import {
  type Code,
  CODES,
  type Evidence,
  isRefusalCode,
  type RefusalCode,
  type RuleOptions,
  type UndecidedCode,
} from '#validator';

import type { Ground } from './ground.js';

/** Which rule and validator judged, for the answer and the record. */
export interface JudgedBy {
  readonly rule?:
    | {
        readonly index: number;
        readonly pattern: string;
        /** The rule's denials are let through with a warning. */
        readonly insecureDetectOnly?: true | undefined;
      }
    | undefined;
  readonly validator?: { readonly name: string; readonly type: string } | undefined;
  readonly cached?: boolean | undefined;
  readonly evidence?: readonly Evidence[] | undefined;
}

/** What to say beside the code: fixed words and what we computed, nothing that a registry wrote. */
interface Words {
  readonly found?: string | undefined;
  readonly expected?: string | undefined;
  readonly next?: string | undefined;
}

/** What was found out about the image of one site. */
export type SiteJudgement =
  | (JudgedBy & { readonly outcome: 'admitted'; readonly ground: Ground })
  | (JudgedBy & Words & { readonly outcome: 'refused'; readonly code: RefusalCode })
  | (JudgedBy &
      Words & {
        readonly outcome: 'undecided';
        readonly code: UndecidedCode;
        readonly retryAfterMs?: number | undefined;
      });

/**
 * A verdict, bound to the reference that was asked about. A verdict that does not hold together (an admission without a
 * digest, a code that is not in the catalogue) is our fault and becomes undecided.
 */
export function judgementOf(
  verdict: Verdict,
  about: JudgedBy & { readonly reference: ImageReference; readonly mode: RuleOptions['mode'] },
): SiteJudgement {
  const { reference, mode, ...asked } = about;
  const by: JudgedBy = { evidence: verdict.evidence as readonly Evidence[], ...asked };
  switch (verdict.outcome) {
    case 'admitted': {
      if (verdict.ground === 'static') return { ...by, outcome: 'admitted', ground: { kind: 'static' } };
      const digest = verdict.digest ?? '';
      if (!isDigest(digest)) return incoherent(by);
      const notAfter = verdict.provenUntil ?? verdict.notAfter;
      const end = notAfter === undefined ? {} : { notAfter };
      return { ...by, outcome: 'admitted', ground: { kind: 'verified', reference, digest, mode, ...end } };
    }
    case 'refused': {
      const { code, found, expected, next } = verdict;
      if (!isCode(code) || !isRefusalCode(code)) return incoherent(by);
      return { ...by, outcome: 'refused', code, found, expected, next };
    }
    case 'undecided': {
      const { code, message, retryAfterMs } = verdict;
      if (!isCode(code) || isRefusalCode(code)) return incoherent(by);
      // The verdict's sentence is ours and says what kept us from looking: which host, which secret.
      return { ...by, outcome: 'undecided', code, found: message, retryAfterMs };
    }
  }
}

function incoherent(by: JudgedBy): SiteJudgement {
  return { ...by, outcome: 'undecided', code: 'CNS-3004' };
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}
