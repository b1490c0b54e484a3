import type {
  AdmittedWorkloadsEvent,
  BusEvent,
  BusObserver,
  DecisionEvent,
  DecisionObserver,
  SharedVerdictEvent,
} from '#bus';
import type { Logger } from '#observability';
import type { Counter } from 'prom-client';

/** What happened, what it means, what to do; only what a person should read about, the others are numbers. */
const BUS_SENTENCES: ReadonlyMap<BusEvent['kind'], string> = new Map([
  [
    'forged',
    'a message on the bus is not by a key that we know: it was dropped; check that all keys are the same everywhere, and who may write to Redis',
  ],
  [
    'quarantined',
    'an image crashed its verifiers repeatedly: it is undecided for a minute; look at the log of the verifiers',
  ],
  ['state', 'a verifier changed its state'],
  [
    'handler-failed',
    'an answer of a verifier could not be handled: we look ourselves; please report the error',
  ],
]);

/** Counts everything that happens on the bus, and logs what is no everyday matter. */
export function busObserver(counter: Counter<'event'>, log: Logger): BusObserver {
  return {
    observe: (event) => {
      counter.inc({ event: event.kind });
      const sentence = BUS_SENTENCES.get(event.kind);
      if (sentence === undefined) log.debug({ event: event.kind }, 'the bus had an everyday event');
      else
        log.warn({ ...event, ...('error' in event ? { err: event.error, error: undefined } : {}) }, sentence);
    },
  };
}

/** What a writer of decisions tells; readers have more to tell, and a gateway is none. */
const DECISION_SENTENCES: ReadonlyMap<DecisionEvent['kind'], string> = new Map([
  ['redis-lost', 'Redis takes no decisions: they wait in the journal; look at Redis'],
  ['redis-back', 'Redis takes decisions again: the journal is on the stream'],
  [
    'lost',
    'decisions are lost: nobody will be alerted of them; look at Redis and at the disk of the journal',
  ],
  [
    'trimmed-unread',
    'decisions were trimmed before alerting had read them: nobody will be alerted of them; find out why alerting is slow or gone',
  ],
  ['trim-failed', 'the decision stream was not trimmed; it is tried again'],
  ['journal-damaged', 'a part of the decision journal cannot be read and was left out; look at its disk'],
]);

/** Counts what happens to decision records, and logs it: each of these is rare. */
export function decisionObserver(counter: Counter<'event'>, log: Logger): DecisionObserver {
  return (event) => {
    counter.inc({ event: event.kind });
    const { kind, ...fields } = event;
    const err = 'cause' in fields ? fields.cause : undefined;
    const sentence = DECISION_SENTENCES.get(kind) ?? `the decision log had an event "${kind}"`;
    log.warn({ ...fields, cause: undefined, err }, sentence);
  };
}

/** Counts what goes wrong with shared verdicts; a forged record is somebody who writes to Redis, and that is told. */
export function sharedVerdictObserver(
  counter: Counter<'event'>,
  log: Logger,
): (event: SharedVerdictEvent) => void {
  return (event) => {
    counter.inc({ event: event.kind });
    if (event.kind === 'forged')
      log.warn(
        { fault: event.fault },
        'a shared verdict is not by a verifier that we know: it was ignored; find out who may write to Redis',
      );
    else log.debug({ err: event.cause }, 'shared verdicts could not be read: the image is verified instead');
  };
}

/** Counts what happens to records of admitted workloads; a forged one is somebody who writes to Redis, and that is told. */
export function admittedWorkloadsObserver(
  counter: Counter<'event'>,
  log: Logger,
): (event: AdmittedWorkloadsEvent) => void {
  return (event) => {
    counter.inc({ event: event.kind });
    if (event.kind === 'forged')
      log.warn(
        { fault: event.fault },
        'the record of an admitted workload is not by a gateway that we know: it was ignored, and its children are verified; find out who may write to Redis',
      );
    else if (event.kind === 'failed')
      log.debug(
        { err: event.cause },
        'the record of an admitted workload could not be read or written: its children are verified',
      );
  };
}
