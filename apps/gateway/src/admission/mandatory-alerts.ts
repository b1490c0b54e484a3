import type { AlertRoute, AlertSender } from '#alerts';
import type { AlertingConfig } from '#config';
import type { DecisionRecord } from '#contracts';
import { untilAborted } from '#registry';

import type { Deadline } from '../deadline.js';

/** No receiver gets more of an admission's time than this, ms. */
const MAX_SHARE_MS = 3_000;
/** What must be left for the answer itself: this, or this part of what is left where that is less. */
const RESERVE_MS = 1_000;
const RESERVE_SHARE = 0.3;
const ATTEMPTS = 2;
/** After so many failures in a row a receiver is taken for dead … */
const BREAK_AFTER = 3;
/** … and an admission does not wait for it this long, ms. Then one admission tries again. */
const BREAK_MS = 10_000;

export interface MandatoryAlertsOptions {
  /** The sender with the templates of now. */
  readonly sender: () => Promise<Pick<AlertSender, 'send'>>;
  readonly onResult: (receiver: string, result: 'delivered' | 'failed' | 'not-tried') => void;
  readonly onFault: (error: unknown, doing: string) => void;
  readonly monotonic: () => number;
}

/**
 * Alerts on which an answer hangs (`failIfAlertSendingFails`): the gateway posts them itself, within the deadline and
 * never for a dry-run. A receiver that keeps failing is not waited for, so that one dead receiver is no slow cluster.
 */
export class MandatoryAlerts {
  readonly #options: MandatoryAlertsOptions;
  readonly #failures = new Map<string, { count: number; until: number }>();

  constructor(options: MandatoryAlertsOptions) {
    this.#options = options;
  }

  /** True where a configuration has such receivers; cheap, because it is asked for every admission. */
  static concern({ admit, reject }: AlertingConfig): boolean {
    return admit.some(isMandatory) || reject.some(isMandatory);
  }

  /** Names of the receivers that did not get it; empty is good. Names only: a URL is a credential. Does not reject. */
  async deliver(
    alerting: AlertingConfig,
    record: DecisionRecord,
    deadline: Deadline,
  ): Promise<readonly string[]> {
    const { routeAlert } = await import('#alerts');
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
    const { name } = route.receiver;
    const left = deadline.remainingMs();
    const share = Math.min(MAX_SHARE_MS, left - Math.min(RESERVE_MS, left * RESERVE_SHARE));
    if (share <= 0 || this.#isBroken(route.key)) {
      this.#options.onResult(name, 'not-tried');
      return false;
    }
    const signal = AbortSignal.any([deadline.signal, AbortSignal.timeout(Math.ceil(share))]);
    const delivered = await this.#attempt(route, alerting, record, signal);
    if (delivered) this.#failures.delete(route.key);
    else this.#noteFailure(route.key);
    this.#options.onResult(name, delivered ? 'delivered' : 'failed');
    return delivered;
  }

  async #attempt(
    route: AlertRoute,
    { clusterIdentifier }: AlertingConfig,
    record: DecisionRecord,
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const sender = await untilAborted(this.#options.sender(), signal);
      for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt += 1) {
        const outcome = await sender.send(route, { record, clusterIdentifier }, signal);
        if (outcome.kind === 'delivered' || outcome.kind === 'skipped') return true;
        if (outcome.kind === 'dead') return false;
      }
    } catch (error) {
      if (!signal.aborted) this.#options.onFault(error, 'sending a mandatory alert');
    }
    return false;
  }

  /** When the pause is over one caller tries, and the others go on as if it were not. */
  #isBroken(key: string): boolean {
    const failure = this.#failures.get(key);
    if (failure === undefined || failure.count < BREAK_AFTER) return false;
    const now = this.#options.monotonic();
    if (failure.until > now) return true;
    this.#failures.set(key, { count: failure.count, until: now + BREAK_MS });
    return false;
  }

  #noteFailure(key: string): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    this.#failures.set(key, { count, until: this.#options.monotonic() + BREAK_MS });
  }
}

function isMandatory({ failIfAlertSendingFails }: AlertingConfig['admit'][number]): boolean {
  return failIfAlertSendingFails;
}
