import type { Verdict } from '#contracts';
import { ImageReferenceError, parseImageReference } from '#image-ref';
import type { VerificationEngine } from '#verification';

/** One line of `verify -o json`: stable, versioned by the enclosing object's `schemaVersion`. */
export interface ImageResult {
  readonly image: string;
  readonly outcome: 'admitted' | 'refused' | 'undecided';
  readonly code?: string;
  readonly digest?: string;
  readonly rule?: string;
  readonly validator?: string;
  readonly message: string;
  readonly found?: string;
  readonly expected?: string;
  readonly next?: string;
  readonly evidence: Verdict['evidence'];
}

/** What the cluster would say of an image in a namespace under this policy, by the same engine. */
export async function judgeImage(
  engine: VerificationEngine,
  text: string,
  namespace: string,
  signal: AbortSignal,
): Promise<ImageResult> {
  let image;
  try {
    image = parseImageReference(text);
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    return { image: text, outcome: 'refused', code: error.code, message: error.message, evidence: [] };
  }
  const bound = engine.govern(image, namespace);
  if (bound === undefined) {
    return {
      image: text,
      outcome: 'refused',
      code: 'CNS-1001',
      message: 'no policy rule matches',
      evidence: [],
    };
  }
  const named = { image: text, rule: bound.rule.pattern, validator: bound.validator.name };
  const verdict = await engine.verify(image, bound, signal);
  const { evidence } = verdict;
  if (verdict.outcome === 'admitted') {
    const message = verdict.ground === 'static' ? 'allowed by a static rule' : 'verified';
    return {
      ...named,
      outcome: 'admitted',
      ...(verdict.digest === undefined ? {} : { digest: verdict.digest }),
      message,
      evidence,
    };
  }
  const { outcome, code, message } = verdict;
  if (verdict.outcome === 'undecided') return { ...named, outcome, code, message, evidence };
  const { found, expected, next } = verdict;
  return {
    ...named,
    outcome,
    code,
    message,
    ...(found === undefined ? {} : { found }),
    ...(expected === undefined ? {} : { expected }),
    ...(next === undefined ? {} : { next }),
    evidence,
  };
}
