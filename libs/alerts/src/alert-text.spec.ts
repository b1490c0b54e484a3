import { expect, test } from 'vitest';

import type { DecisionRecord } from '#contracts';
import { aDecidedImage, aDenial, anAdmission } from '#testing';

import { alertMessage, alertTitle, decisionWord, severityOf, upstreamResult } from './alert-text.js';

const DETECTED: Partial<DecisionRecord> = { allowed: true, wouldDeny: true, mode: 'detect' };

// The sentences are upstream's, which users filter on; that is why the text itself is asserted here.
test.for<{ name: string; record: DecisionRecord; message: string }>([
  { name: 'an admission', record: anAdmission(), message: 'CONNAISSEUR admitted a request' },
  { name: 'a denial', record: aDenial({ message: 'no' }), message: 'CONNAISSEUR rejected a request: no' },
  {
    name: 'a timeout',
    record: aDenial({ uid: 'u', result: 'timeout' }),
    message: 'CONNAISSEUR validation timed out for admission request u',
  },
  {
    name: 'an unreadable request',
    record: aDenial({ uid: 'u', result: 'invalid' }),
    message: 'CONNAISSEUR failed to parse admission request u',
  },
])('message: $name', ({ record, message }) => {
  expect(alertMessage(record)).toBe(message);
});

test.for<{ name: string; record: DecisionRecord }>([
  { name: 'detection mode', record: aDenial(DETECTED) },
  { name: 'pods-only validation', record: aDenial({ ...DETECTED, mode: 'podsOnly' }) },
  { name: 'a detected timeout', record: aDenial({ ...DETECTED, result: 'timeout' }) },
  { name: 'a detected unreadable request', record: aDenial({ ...DETECTED, result: 'invalid' }) },
])('A15: $name says that it would have been rejected', ({ record }) => {
  expect(alertMessage(record)).toContain('would have been rejected');
  expect(alertMessage(record)).not.toContain('CONNAISSEUR rejected');
  expect(alertTitle(record)).toContain('[would deny]');
});

test.for<{ name: string; record: DecisionRecord; words: readonly [string, string, string] }>([
  { name: 'admitted with proof', record: anAdmission(), words: ['success', 'allow', 'info'] },
  {
    name: 'admitted without looking',
    record: anAdmission({ images: [aDecidedImage({ ground: 'static' })] }),
    words: ['skip', 'allow', 'info'],
  },
  {
    name: 'admitted with one proof among two',
    record: anAdmission({ images: [aDecidedImage(), aDecidedImage({ ground: 'child' })] }),
    words: ['success', 'allow', 'info'],
  },
  {
    name: 'admitted without images',
    record: anAdmission({ images: [], imageCount: 0 }),
    words: ['success', 'allow', 'info'],
  },
  { name: 'refused', record: aDenial(), words: ['error', 'deny', 'error'] },
  {
    name: 'undecided',
    record: aDenial({ result: 'undecided', code: 'CNS-2004' }),
    words: ['error', 'error', 'warning'],
  },
  {
    name: 'our own fault',
    record: aDenial({ result: 'undecided', code: 'CNS-3004' }),
    words: ['error', 'error', 'critical'],
  },
  {
    name: 'timed out',
    record: aDenial({ result: 'timeout', code: 'CNS-2006' }),
    words: ['timeout', 'error', 'warning'],
  },
  {
    name: 'unreadable',
    record: aDenial({ result: 'invalid', code: 'CNS-3004' }),
    words: ['invalid', 'error', 'critical'],
  },
  { name: 'only detected', record: aDenial(DETECTED), words: ['error', 'warn', 'warning'] },
])('result, decision, severity: $name', ({ record, words }) => {
  expect([upstreamResult(record), decisionWord(record), severityOf(record)]).toEqual(words);
});

test.for<{ name: string; record: DecisionRecord; has: string }>([
  {
    name: 'names code, object and image',
    record: aDenial(),
    has: 'CNS-1004 Pod shop/api-7d9: ghcr.io/acme/api:1.4.2',
  },
  { name: 'says that a name does not exist yet', record: aDenial({ name: '' }), has: 'Pod shop/(new)' },
  { name: 'does without a namespace', record: aDenial({ namespace: '' }), has: 'Pod api-7d9' },
  { name: 'counts several images', record: aDenial({ imageCount: 3 }), has: '(1 of 3 images)' },
  {
    name: 'does without images',
    record: aDenial({ images: [], result: 'invalid' }),
    has: 'is signed, but not by a trusted key',
  },
  {
    name: 'does without a known code',
    record: aDenial({ images: [], code: 'CNS-9999', message: 'odd' }),
    has: 'odd',
  },
  { name: 'is cut', record: aDenial({ name: 'n'.repeat(253) }), has: '…' },
])('title: $name', ({ record, has }) => {
  expect(alertTitle(record)).toContain(has);
  expect(alertTitle(record).length).toBeLessThanOrEqual(120);
});
