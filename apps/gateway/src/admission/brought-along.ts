import type { Verdict } from '#contracts';

import type { BroughtAlong } from './workload-credentials.js';

/** What a registry answers to somebody without the right credentials as well as to somebody who asks for what is not there. */
const ABSENCES = new Set(['CNS-1003', 'CNS-1011']);
const MAX_NOTES = 3;
const MAX_TEXT = 200;
const MAX_MESSAGE = 512;

/**
 * The verdict with what is to be said of the workload's pull secrets. A "not there" that was found without one that could not
 * be read is undecided: a definitive answer needs a look with it (design rule 1).
 */
export function withPullSecrets(verdict: Verdict, { notes, isSure }: BroughtAlong): Verdict {
  const told = notes.slice(0, MAX_NOTES).map((note) => note.slice(0, MAX_TEXT));
  const evidence = [
    ...told.map((text) => ({ step: 'fetch-signatures' as const, ok: isSure, text })),
    ...verdict.evidence,
  ];
  if (verdict.outcome === 'undecided' && verdict.code === 'CNS-2003') {
    return { ...verdict, message: sentence(verdict.message, told), evidence };
  }
  if (verdict.outcome === 'refused' && !isSure && ABSENCES.has(verdict.code)) {
    const { message, tookMs } = verdict;
    return { outcome: 'undecided', code: 'CNS-2003', message: sentence(message, told), evidence, tookMs };
  }
  return { ...verdict, evidence };
}

function sentence(message: string, notes: readonly string[]): string {
  return [message, ...notes].join('; ').slice(0, MAX_MESSAGE);
}
