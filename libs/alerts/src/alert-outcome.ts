import type { AlertOutcome, DecisionRecord } from '#contracts';

/** Whose receivers hear of a decision: a request that was let in only by a mode still is a rejection. */
export function alertOutcome(record: DecisionRecord): AlertOutcome {
  return record.allowed && !record.wouldDeny ? 'admit' : 'reject';
}

/** Allowed by detection mode or pods-only validation, and by nothing else. */
export function isOnlyDetected(record: DecisionRecord): boolean {
  return record.allowed && record.wouldDeny;
}
