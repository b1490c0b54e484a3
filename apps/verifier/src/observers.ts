import type { BusObserver, SharedVerdictEvent } from '#bus';
import type { Logger } from '#observability';
import type { Counter } from 'prom-client';

/** Counts everything that happens on the bus, and logs what is no everyday matter. */
export function observeBus(counter: Counter<'event'>, log: Logger): BusObserver {
  return {
    observe: (event) => {
      counter.inc({ event: event.kind });
      if (event.kind === 'handler-failed') log.error({ err: event.error }, 'bus: handler-failed');
      else if (event.kind === 'quarantined' || event.kind === 'forged') {
        log.warn({ ...event, kind: undefined }, `bus: ${event.kind}`);
      } else if (event.kind === 'state') {
        const { state, text } = event;
        log[state === 'isolated' ? 'warn' : 'info']({ state }, `bus: ${text}`);
      }
    },
  };
}

/** Counts what goes wrong with the store; a forged record is somebody who writes to Redis, and that is told. */
export function observeSharedVerdicts(
  counter: Counter<'event'>,
  log: Logger,
): (event: SharedVerdictEvent) => void {
  return (event) => {
    counter.inc({ event: event.kind });
    if (event.kind === 'forged') log.warn({ fault: event.fault }, 'shared verdicts: forged');
    else log.debug({ err: event.cause }, 'shared verdicts: failed');
  };
}
