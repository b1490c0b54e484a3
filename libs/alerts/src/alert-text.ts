import type { DecisionRecord } from '#contracts';
import { type Code, CODES } from '#validator';

import { alertOutcome, isOnlyDetected } from './alert-outcome.js';
import { truncateText } from './truncate-text.js';

/** Pagers and notification lists cut longer titles. */
const MAX_TITLE_CHARACTERS = 120;

/** The sentence that upstream's templates show: its words for what was decided, our own where a mode let the request in. */
export function alertMessage(record: DecisionRecord): string {
  if (alertOutcome(record) === 'admit') return 'CONNAISSEUR admitted a request';
  const wording = isOnlyDetected(record) ? detectedWording(record) : REJECTED;
  switch (record.result) {
    case 'timeout':
      return wording.timeout(record.uid);
    case 'invalid':
      return wording.invalid(record.uid);
    case 'admitted':
    case 'refused':
    case 'undecided':
      return wording.error(record.message ?? 'no reason was recorded');
  }
}

/** One line that stands for itself: code, object, first refused image and what is wrong with it. At most 120 characters. */
export function alertTitle(record: DecisionRecord): string {
  const object = `${record.kind} ${record.namespace === '' ? '' : `${record.namespace}/`}${record.name === '' ? '(new)' : record.name}`;
  const what = alertOutcome(record) === 'admit' ? 'admitted' : refusalOf(record);
  const prefix = isOnlyDetected(record) ? '[would deny] ' : '';
  return truncateText(
    `${prefix}${record.code === undefined ? '' : `${record.code} `}${object}: ${what}`,
    MAX_TITLE_CHARACTERS,
  );
}

/** What upstream calls the kinds of result. */
export function upstreamResult(record: DecisionRecord): 'success' | 'skip' | 'error' | 'timeout' | 'invalid' {
  if (alertOutcome(record) === 'reject') {
    return record.result === 'timeout' || record.result === 'invalid' ? record.result : 'error';
  }
  const skipped =
    record.images.length > 0 &&
    record.images.every(({ ground }) => ground !== undefined && ground !== 'verified');
  return skipped ? 'skip' : 'success';
}

/** `allow` and `deny` are definitive; `warn` was let in by a mode; `error` is a denial because we could not look. */
export function decisionWord(record: DecisionRecord): 'allow' | 'warn' | 'deny' | 'error' {
  if (isOnlyDetected(record)) return 'warn';
  if (record.allowed) return 'allow';
  return record.result === 'refused' ? 'deny' : 'error';
}

/** By family of code: a proof that fails is for security, a registry that is down for the platform, our own fault for both. */
export function severityOf(record: DecisionRecord): 'info' | 'warning' | 'error' | 'critical' {
  if (alertOutcome(record) === 'admit') return 'info';
  if (isOnlyDetected(record)) return 'warning';
  if (record.code?.startsWith('CNS-3') === true) return 'critical';
  return record.result === 'refused' ? 'error' : 'warning';
}

/** What the catalogue says of a code; nothing for one that it does not have. */
export function catalogueEntry(
  code: string | undefined,
): { readonly title: string; readonly next: string } | undefined {
  return code !== undefined && isCode(code) ? CODES[code] : undefined;
}

const REJECTED = {
  error: (error: string) => `CONNAISSEUR rejected a request: ${error}`,
  timeout: (uid: string) => `CONNAISSEUR validation timed out for admission request ${uid}`,
  invalid: (uid: string) => `CONNAISSEUR failed to parse admission request ${uid}`,
};

function detectedWording(record: DecisionRecord): typeof REJECTED {
  const mode = record.mode === 'podsOnly' ? 'pod-only validation is active' : 'detection mode is active';
  return {
    error: (error) => `CONNAISSEUR admitted a request that would have been rejected (${mode}): ${error}`,
    timeout: (uid) =>
      `CONNAISSEUR admitted request ${uid} that would have been rejected (${mode}): validation timed out`,
    invalid: (uid) =>
      `CONNAISSEUR admitted request ${uid} that would have been rejected (${mode}): it could not be parsed`,
  };
}

function refusalOf(record: DecisionRecord): string {
  const rejected = record.images.filter(({ outcome }) => outcome !== 'admitted');
  const first = rejected[0];
  if (first === undefined) return catalogueEntry(record.code)?.title ?? record.message ?? record.result;
  const title = catalogueEntry(first.code)?.title ?? first.outcome;
  const count = record.imageCount > 1 ? ` (${rejected.length} of ${record.imageCount} images)` : '';
  return `${first.image} ${title}${count}`;
}

function isCode(code: string): code is Code {
  return Object.hasOwn(CODES, code);
}
