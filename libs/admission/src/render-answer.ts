import type { ReviewApiVersion } from './review-error.js';
import { answerStatus, type AnswerStatus } from './answer-status.js';
import { auditAnnotations } from './audit-annotations.js';
import { type Decision, isAdmission } from './decide.js';
import type { Mode } from './decision.js';
import { encodePatch } from './json-patch.js';
import { plainText } from './plain-text.js';
import { MAX_WARNING, overrideWarnings } from './warnings.js';

/** The answer to the API server: `JSON.stringify` it. */
export interface AdmissionReviewAnswer {
  readonly apiVersion: ReviewApiVersion;
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: AnswerStatus;
    readonly patchType?: 'JSONPatch';
    readonly patch?: string;
    readonly auditAnnotations?: Readonly<Record<string, string>>;
    readonly warnings?: readonly string[];
  };
}

export interface RenderOptions {
  /** The configuration's revision; the first twelve characters go into the audit log. */
  readonly revision: string;
  /** More to tell the user, such as a key that expires soon. */
  readonly warnings?: readonly string[];
}

/**
 * Decision to answer. The one place that writes `allowed: true`: for what `decide` allowed, and for a denial that
 * detection mode or pods-only validation overrides, which then says so in its warnings.
 */
export function renderAnswer(
  decision: Decision,
  { revision, warnings = [] }: RenderOptions,
): AdmissionReviewAnswer {
  const { apiVersion, uid } = decision.request;
  const allowed = isLetIn(decision);
  const told = [...(decision.kind === 'deny' ? overrideWarnings(decision) : []), ...warnings];
  return {
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(decision.kind === 'deny' && { status: answerStatus(decision, allowed) }),
      ...(allowed &&
        decision.patch.length > 0 && { patchType: 'JSONPatch', patch: encodePatch(decision.patch) }),
      auditAnnotations: auditAnnotations(decision, revision),
      ...(told.length > 0 && { warnings: told.map((text) => plainText(text, MAX_WARNING)) }),
    },
  };
}

/** What the API server is told: true for what `decide` allowed, and for a denial that a mode overrides. */
export function isLetIn(decision: Decision): boolean {
  return isAdmission(decision) || (decision.kind === 'deny' && isOverridden(decision.mode));
}

/** Names the two modes that override, so that anything else denies. */
function isOverridden(mode: Mode): boolean {
  return mode === 'detect' || mode === 'podsOnly';
}
