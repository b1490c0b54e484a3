import { type AlertSender, receiverKey, resolveProfile } from '#alerts';
import type { AlertingConfig } from '#config';

import type { AlertJob } from './alert-job.js';
import type { QueueCounts } from './alerting-metrics.js';
import type { AlertOutlet } from './decision-intake.js';
import type { ReceiverTarget } from './deliver-job.js';
import type { ReceiverQueue } from './receiver-queue.js';

/** One receiver's queue, as far as the set needs it. */
export type AlertQueue = Pick<ReceiverQueue, 'add' | 'update' | 'counts' | 'isDown' | 'close' | 'abandon'>;

/** Makes the queue of a receiver; its rate is part of what it is made for. */
export type OpenQueue = (
  target: ReceiverTarget,
  rate: { readonly max: number; readonly durationMs: number },
) => AlertQueue;

interface OpenReceiver {
  readonly queue: AlertQueue;
  readonly profile: string;
}

/** How long a metric or a health answer waits for Redis. */
const COUNT_MS = 1000;

/** The queues of all receivers of the newest configuration. A gateway's own receivers (`failIfAlertSendingFails`) have none. */
export class ReceiverSet {
  readonly #open: OpenQueue;
  #receivers: ReadonlyMap<string, OpenReceiver> = new Map();
  /** Queues of receivers that are gone end by themselves: a new configuration does not wait for attempts under way. */
  #closing: Promise<unknown> = Promise.resolve();
  #alerting: AlertingConfig = { clusterIdentifier: '', admit: [], reject: [] };

  constructor(open: OpenQueue) {
    this.#open = open;
  }

  /** What one batch of decisions uses from start to end. */
  outlet(): AlertOutlet {
    const receivers = this.#receivers;
    const add = async (key: string, jobs: readonly AlertJob[]): Promise<void> => {
      const receiver = receivers.get(key);
      if (receiver === undefined) throw new TypeError(`expected a queue for ${key}`);
      await receiver.queue.add(jobs);
    };
    return { alerting: this.#alerting, add };
  }

  /**
   * Takes a new configuration: opens what is new, keeps what goes on, ends what is gone. Alerts that wait for a receiver
   * that is gone stay in Redis and are delivered if it comes back under its name.
   */
  apply(alerting: AlertingConfig, sender: AlertSender): void {
    const before = this.#receivers;
    const after = new Map<string, OpenReceiver>();
    for (const target of targetsOf(alerting, sender))
      after.set(target.key, this.#reopen(target, before.get(target.key)));
    // Both at once: a batch sees the receivers of its own configuration.
    this.#receivers = after;
    this.#alerting = alerting;
    const gone = [...before].filter(([key, { queue }]) => after.get(key)?.queue !== queue);
    this.#closing = Promise.allSettled([
      this.#closing,
      ...gone.map(async ([, { queue }]) => await queue.close()),
    ]);
  }

  async close(force = false): Promise<void> {
    const receivers = [...this.#receivers.values()];
    await Promise.allSettled([
      this.#closing,
      ...receivers.map(async ({ queue }) => await queue.close(force)),
    ]);
  }

  /** For a close that does not come to its end because Redis is away. */
  async abandon(): Promise<void> {
    await Promise.allSettled([...this.#receivers.values()].map(async ({ queue }) => await queue.abandon()));
  }

  /** Receivers that are down, by name. */
  get down(): readonly string[] {
    return [...this.#receivers].filter(([, { queue }]) => queue.isDown).map(([key]) => key);
  }

  get keys(): readonly string[] {
    return [...this.#receivers.keys()];
  }

  /** Of those that Redis answers for in time. */
  async counts(): Promise<ReadonlyMap<string, QueueCounts>> {
    const all = [...this.#receivers].map(async ([key, { queue }]) => {
      const timeout = new Promise<undefined>((resolve) => setTimeout(resolve, COUNT_MS, undefined).unref());
      const counts = await Promise.race([queue.counts().catch(() => undefined), timeout]);
      return counts === undefined ? [] : [[key, counts] as const];
    });
    return new Map((await Promise.all(all)).flat());
  }

  #reopen(target: ReceiverTarget, before: OpenReceiver | undefined): OpenReceiver {
    const host = URL.parse(target.receiver.receiverUrl.reveal())?.hostname ?? '';
    const { profile } = resolveProfile(target.receiver.template, host);
    if (before?.profile === profile.name) {
      before.queue.update(target);
      return before;
    }
    return { queue: this.#open(target, profile.rate), profile: profile.name };
  }
}

function targetsOf(alerting: AlertingConfig, sender: AlertSender): readonly ReceiverTarget[] {
  return (['admit', 'reject'] as const).flatMap((outcome) =>
    alerting[outcome]
      .filter(({ failIfAlertSendingFails }) => !failIfAlertSendingFails)
      .map((receiver) => ({
        key: receiverKey(outcome, receiver),
        outcome,
        receiver,
        clusterIdentifier: alerting.clusterIdentifier,
        sender,
      })),
  );
}
