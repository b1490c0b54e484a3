import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Counter, Gauge, Registry } from 'prom-client';

import { counterIn, gaugeIn } from './metrics.js';

/** A loop that stands still for longer keeps probes and deadlines waiting, ms. */
const STALLED_MS = 500;
const LOOK_EVERY_MS = 1_000;
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;

/** What a health page says of the event loop. */
export interface LoopReport {
  /** The longest time that the loop stood still in the last second, ms. */
  readonly lagMs: number;
  readonly stalled: boolean;
}

/** Watches the event loop: its lag as a gauge, a counter of the times it stood still, and detail for readiness. */
export class LoopWatch {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  readonly #lag: Gauge;
  readonly #stalls: Counter;
  #report: LoopReport = { lagMs: 0, stalled: false };

  constructor(registry: Registry) {
    this.#lag = gaugeIn(registry, {
      name: 'connaisseur_event_loop_lag_seconds',
      help: 'The longest time that the event loop stood still in the last second',
    });
    this.#stalls = counterIn(registry, {
      name: 'connaisseur_event_loop_stalls_total',
      help: 'Times that the event loop stood still for more than 500 ms',
    });
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
  }

  report(): LoopReport {
    return this.#report;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  #look(): void {
    const lagMs = Math.max(0, Math.round(this.#histogram.max / NS_PER_MS) - RESOLUTION_MS);
    this.#histogram.reset();
    this.#report = { lagMs, stalled: lagMs > STALLED_MS };
    this.#lag.set(lagMs / 1000);
    if (this.#report.stalled) this.#stalls.inc();
  }
}
