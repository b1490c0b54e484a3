import type { BusEvent, BusObserver, SharedVerdictEvent } from '#bus';
import type { Logger } from '#observability';
import type { Counter } from 'prom-client';

import { UndecidedLog } from './undecided-log.js';
import type { VerificationObserver } from './verification.service.js';
import type { VerifierMetrics } from './verifier-metrics.js';

/** Counts everything that happens on the bus, and logs what is no everyday matter. */
export function observeBus(counter: Counter<'event'>, log: Logger): BusObserver {
  return {
    observe: (event) => {
      counter.inc({ event: event.kind });
      tell(event, log);
    },
  };
}

/** What happened, what it means, what to do. Of everyday matters the counter has all that is to be known. */
function tell(event: BusEvent, log: Logger): void {
  if (event.kind === 'handler-failed') {
    log.error(
      { err: event.error },
      'a verification failed with a fault of ours: the image counts as undecided; please report this',
    );
  } else if (event.kind === 'quarantined') {
    const { image, rule, crashes } = event;
    log.warn(
      { image, rule, crashes },
      'an image crashed its verifier repeatedly: nobody verifies it for a minute; report it, with the entry of the dead-letter stream',
    );
  } else if (event.kind === 'forged') {
    log.warn(
      { message: event.message, fault: event.fault },
      'a message on the bus is not by a key that we know: it was dropped; check that all keys are the same everywhere, and who may write to Redis',
    );
  } else if (event.kind === 'state') {
    const { state, text } = event;
    log[state === 'isolated' ? 'warn' : 'info']({ state }, `the verifier ${text}`);
  }
}

/** Counts what goes wrong with the store; a forged record is somebody who writes to Redis, and that is told. */
export function observeSharedVerdicts(
  counter: Counter<'event'>,
  log: Logger,
): (event: SharedVerdictEvent) => void {
  return (event) => {
    counter.inc({ event: event.kind });
    if (event.kind === 'forged') {
      log.warn(
        { fault: event.fault },
        'a shared verdict is not by a key that we know: it was not used; check the keys, and who may write to Redis',
      );
    } else
      log.debug({ err: event.cause }, 'the store of shared verdicts did not answer: the image is looked at');
  };
}

/** Measures every verdict, and tells why nobody could look. */
export function observeVerdicts(metrics: VerifierMetrics, log: Logger): VerificationObserver {
  const undecided = new UndecidedLog(log, () => performance.now());
  return {
    onVerdict: (verdict, validator, cached, seconds) => metrics.observe(verdict, validator, cached, seconds),
    onUndecided: (verdict, host) => undecided.report(verdict, host),
  };
}
