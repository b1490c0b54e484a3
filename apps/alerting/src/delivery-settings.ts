/** How alerts are queued, tried and kept. Every value is explicit: the queue's own defaults lose events. */
export interface DeliverySettings {
  /** Attempts until an alert is a dead letter; those that a receiver's rate limit refused do not count. */
  readonly attempts: number;
  /** Wait after the first attempt; doubles, with jitter, up to `maxBackoffMs`. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** An alert older than this is a dead letter, whatever its attempts. */
  readonly maxAgeMs: number;
  /** One attempt. Must be shorter than the lock. */
  readonly timeoutMs: number;
  /** After a crash an alert is free again when its lock has run out and a stall check has seen it. */
  readonly lockMs: number;
  readonly stalledMs: number;
  /** Attempts at the same time for one receiver. */
  readonly concurrency: number;
  /** Alerts that may wait for one receiver; more are dropped and counted. */
  readonly queueCap: number;
  /** Delivered alerts that stay, so that a copy of their event is known. */
  readonly keepDelivered: { readonly count: number; readonly ageSeconds: number };
  /** Dead letters that stay, for people. */
  readonly keepDead: { readonly count: number; readonly ageSeconds: number };
  /** Pause after a 429 that does not say how long. */
  readonly rateLimitMs: number;
  /** Failures in a row after which a receiver counts as down; its next success brings all waiting alerts forward. */
  readonly downAfter: number;
}

/** About 14 hours of attempts: a receiver may be down overnight. */
export const DEFAULT_DELIVERY: DeliverySettings = {
  attempts: 40,
  backoffMs: 1000,
  maxBackoffMs: 30 * 60_000,
  maxAgeMs: 24 * 3_600_000,
  timeoutMs: 5000,
  lockMs: 10_000,
  stalledMs: 5000,
  concurrency: 8,
  queueCap: 10_000,
  keepDelivered: { count: 5000, ageSeconds: 24 * 3600 },
  keepDead: { count: 1000, ageSeconds: 14 * 24 * 3600 },
  rateLimitMs: 10_000,
  downAfter: 3,
};

/** Settings that can hold: a `TypeError` where an attempt could outlive its lock or an alert would not be tried. */
export function deliverySettings(changes: Partial<DeliverySettings> = {}): DeliverySettings {
  const settings = { ...DEFAULT_DELIVERY, ...changes };
  if (settings.timeoutMs >= settings.lockMs) {
    throw new TypeError(`expected timeoutMs below lockMs, got ${settings.timeoutMs} and ${settings.lockMs}`);
  }
  const least = Math.min(
    settings.attempts,
    settings.concurrency,
    settings.queueCap,
    settings.stalledMs,
    settings.backoffMs,
  );
  if (!(least >= 1))
    throw new TypeError('expected attempts, concurrency, queueCap, stalledMs and backoffMs of at least 1');
  return settings;
}

/** Wait before the next attempt: exponential, capped, and half of it random, so that a recovering receiver is not met all at once. */
export function backoffMs(settings: DeliverySettings, attemptsMade: number, random: () => number): number {
  const full = Math.min(
    settings.maxBackoffMs,
    settings.backoffMs * 2 ** Math.min(30, Math.max(0, attemptsMade - 1)),
  );
  return Math.round(full / 2 + (full / 2) * random());
}
