import type {
  AdmittedWorkloadsEvent,
  BusEvent,
  BusObserver,
  DecisionObserver,
  SharedVerdictEvent,
} from '#bus';
import type { Logger } from '#observability';
import type { Counter } from 'prom-client';

/** Bus events that a person should read about; the others are numbers. */
const TOLD: ReadonlySet<BusEvent['kind']> = new Set(['forged', 'quarantined', 'state', 'handler-failed']);

/** Counts everything that happens on the bus, and logs what is no everyday matter. */
export function busObserver(counter: Counter<'event'>, log: Logger): BusObserver {
  return {
    observe: (event) => {
      counter.inc({ event: event.kind });
      if (TOLD.has(event.kind))
        log.warn(
          { ...event, ...('error' in event ? { err: event.error, error: undefined } : {}) },
          `bus: ${event.kind}`,
        );
      else log.debug({ event: event.kind }, 'bus');
    },
  };
}

/** Counts what happens to decision records, and logs it: each of these is rare. */
export function decisionObserver(counter: Counter<'event'>, log: Logger): DecisionObserver {
  return (event) => {
    counter.inc({ event: event.kind });
    const { kind, ...fields } = event;
    const err = 'cause' in fields ? fields.cause : undefined;
    log.warn({ ...fields, cause: undefined, err }, `decisions: ${kind}`);
  };
}

/** Counts what goes wrong with shared verdicts; a forged record is somebody who writes to Redis, and that is told. */
export function sharedVerdictObserver(
  counter: Counter<'event'>,
  log: Logger,
): (event: SharedVerdictEvent) => void {
  return (event) => {
    counter.inc({ event: event.kind });
    if (event.kind === 'forged') log.warn({ fault: event.fault }, 'shared verdicts: forged');
    else log.debug({ err: event.cause }, 'shared verdicts: failed');
  };
}

/** Counts what happens to records of admitted workloads; a forged one is somebody who writes to Redis, and that is told. */
export function admittedWorkloadsObserver(
  counter: Counter<'event'>,
  log: Logger,
): (event: AdmittedWorkloadsEvent) => void {
  return (event) => {
    counter.inc({ event: event.kind });
    if (event.kind === 'forged') log.warn({ fault: event.fault }, 'admitted workloads: forged');
    else if (event.kind === 'failed') log.debug({ err: event.cause }, 'admitted workloads: failed');
  };
}
