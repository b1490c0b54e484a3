import type { DecisionEvent } from '#bus';
import type { Logger } from '#observability';

/** What happened, what it means, what to do. */
const SENTENCES: Readonly<Record<DecisionEvent['kind'], string>> = {
  'redis-lost': 'Redis takes no decisions: they wait in the journal',
  'redis-back': 'Redis takes decisions again: the journal is on the stream',
  lost: 'decisions are lost: nobody will be alerted of them; look at Redis and at the journal’s disk',
  'trimmed-unread':
    'decisions were trimmed before alerting had read them: nobody will be alerted of them; raise keepDecisions or find out why alerting is slow',
  'trim-failed': 'the decision stream was not trimmed; it is tried again',
  'journal-damaged': 'a part of the decision journal cannot be read and was left out; look at its disk',
  forged:
    'a batch of decisions is not by a key that we know: it was dropped; check that all keys are the same everywhere, and who may write to Redis',
  gap: 'decisions of a gateway never came: nobody will be alerted of them; look at its log',
  duplicate: 'a batch of decisions came twice: the second was dropped',
  'chain-broken':
    'a batch of decisions does not follow the one before: some may be missing; find out who may write to Redis',
  vanished: 'decisions were trimmed while alerting had them in hand',
  'handler-failed': 'decisions could not be queued as alerts; it is tried again',
  unreadable: 'the decision stream cannot be read; it is tried again',
};

/** Tells what a reader of decisions met. */
export function tellDecisions({ kind, ...fields }: DecisionEvent, log: Pick<Logger, 'warn'>): void {
  const { cause, ...rest } = { cause: undefined, ...fields };
  log.warn({ ...rest, ...(cause === undefined ? {} : { err: cause }) }, SENTENCES[kind]);
}
