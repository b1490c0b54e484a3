import { type AlertRoute, type AlertSender, routeAlert } from '#alerts';
import type { AlertingConfig } from '#config';
import type { DecisionRecord } from '#contracts';

import type { Deadline } from '../deadline.js';

/** No receiver gets more of an admission's time than this, ms. */
const MAX_SHARE_MS = 3_000;
/** What must be left for the answer itself, ms. */
const RESERVE_MS = 1_000;
const ATTEMPTS = 2;
/** After so many failures in a row a receiver is taken for dead … */
const BREAK_AFTER = 3;
/** … and an admission does not wait for it this long, ms. */
const BREAK_MS = 10_000;

/**
 * Alerts on which an answer hangs (`failIfAlertSendingFails`): the gateway posts them itself, within the deadline and
 * never for a dry-run. A receiver that keeps failing is not waited for, so that one dead receiver is no slow cluster.
 */
export class MandatoryAlerts {
  readonly #sender: AlertSender;
  readonly #onResult: (receiver: string, result: 'delivered' | 'failed' | 'not-tried') => void;
  readonly #failures = new Map<string, { count: number; until: number }>();

  constructor(options: {
    sender: AlertSender;
    onResult: (receiver: string, result: 'delivered' | 'failed' | 'not-tried') => void;
  }) {
    this.#sender = options.sender;
    this.#onResult = options.onResult;
  }

  /** True where this decision has such receivers; cheap, because it is asked for every admission. */
  static concern(alerting: AlertingConfig): boolean {
    return [...alerting.admit, ...alerting.reject].some(
      ({ failIfAlertSendingFails }) => failIfAlertSendingFails,
    );
  }

  /** Names of the receivers that did not get it; empty is good. Names only: a URL is a credential. */
  async deliver(
    alerting: AlertingConfig,
    record: DecisionRecord,
    deadline: Deadline,
  ): Promise<readonly string[]> {
    const routes = routeAlert(alerting, record).filter(({ via }) => via === 'answer');
    const results = await Promise.all(
      routes.map(async (route) => ({ route, ok: await this.#deliverOne(route, alerting, record, deadline) })),
    );
    return results.filter(({ ok }) => !ok).map(({ route }) => route.receiver.name);
  }

  async #deliverOne(
    route: AlertRoute,
    alerting: AlertingConfig,
    record: DecisionRecord,
    deadline: Deadline,
  ): Promise<boolean> {
    const share = Math.min(MAX_SHARE_MS, deadline.remainingMs() - RESERVE_MS);
    if (share <= 0 || this.#isBroken(route.key)) {
      this.#onResult(route.receiver.name, 'not-tried');
      return false;
    }
    const signal = AbortSignal.any([deadline.signal, AbortSignal.timeout(share)]);
    const subject = { record, clusterIdentifier: alerting.clusterIdentifier };
    for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt += 1) {
      const outcome = await this.#sender
        .send(route, subject, signal)
        .catch(() => ({ kind: 'retry' as const }));
      if (outcome.kind === 'delivered' || outcome.kind === 'skipped') {
        this.#failures.delete(route.key);
        this.#onResult(route.receiver.name, 'delivered');
        return true;
      }
      if (outcome.kind === 'dead') break;
    }
    this.#noteFailure(route.key);
    this.#onResult(route.receiver.name, 'failed');
    return false;
  }

  #isBroken(key: string): boolean {
    const failure = this.#failures.get(key);
    return failure !== undefined && failure.count >= BREAK_AFTER && failure.until > performance.now();
  }

  #noteFailure(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    this.#failures.set(key, { count, until: performance.now() + BREAK_MS });
  }
}
