import { KubernetesError, type KubernetesErrorReason } from '#kubernetes';
import type { Logger } from '#observability';

import type { ClusterMetrics, WriteResult, WrittenThing } from './cluster-metrics.js';

const AWAY: ReadonlySet<KubernetesErrorReason> = new Set(['unreachable', 'timeout', 'unauthorized']);
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;
/** A refusal that repeats is told again after this time. */
const SILENCE_MS = 60_000;

export interface PatienceOptions {
  readonly what: WrittenThing;
  readonly metrics: ClusterMetrics;
  readonly logger: Logger;
  readonly now: () => number;
  /** Rejects when the signal ends. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Waits for an API server that is away, for as long as what is to be written is still news; what it refuses is counted and
 * told, and holds nobody up.
 */
export class PatientApi {
  readonly #options: PatienceOptions;
  #toldAt = -Infinity;

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** Runs `write` until it is answered or the time is over; rejects only where `signal` ended or Redis failed. */
  async run(
    write: (signal: AbortSignal) => Promise<WriteResult>,
    until: number,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    const { what, metrics, now, sleep } = this.#options;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(MAX_WAIT_MS, wait * 2)) {
      signal.throwIfAborted();
      try {
        const result = now() > until ? 'dropped' : await write(signal);
        metrics.count(what, result);
        metrics.waits(what, false);
        return result;
      } catch (error) {
        if (!(error instanceof KubernetesError || error instanceof TypeError)) throw error;
        signal.throwIfAborted();
        this.#tell(error);
        // F21: a record that no code of ours understands must not stop those behind it.
        if (error instanceof TypeError || !AWAY.has(error.reason)) {
          metrics.count(what, 'failed');
          return 'failed';
        }
        metrics.waits(what, true);
        await sleep(wait, signal);
      }
    }
  }

  #tell(error: KubernetesError | TypeError): void {
    const { what, logger, now } = this.#options;
    if (now() - this.#toldAt < SILENCE_MS) return;
    this.#toldAt = now();
    const isAway = error instanceof KubernetesError && AWAY.has(error.reason);
    const sentence = isAway
      ? 'the API server is away: what is to be written waits'
      : 'what was to be written was not: see the words of the API server, and what the service account may do';
    logger.warn({ what, err: error }, sentence);
  }
}
