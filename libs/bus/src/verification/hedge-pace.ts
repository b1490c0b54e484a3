/** How fast and how often questions are asked again. */
export interface HedgeSettings {
  /** No hedge before this, milliseconds. */
  readonly floorMs: number;
  /** The delay while there is nothing to take a percentile from, milliseconds. */
  readonly startMs: number;
  /** Hedges for one question. */
  readonly most: number;
  /** Hedges that may be spent at once over all questions … */
  readonly burst: number;
  /** … and what each question adds to that: a crowd of slow answers must not double the work. */
  readonly perQuestion: number;
}

export const HEDGE_DEFAULTS: HedgeSettings = {
  floorMs: 50,
  startMs: 250,
  most: 2,
  burst: 100,
  perQuestion: 0.2,
};

const SAMPLES = 128;
/** The percentile is taken anew after this many answers. */
const REFRESH = 8;

/** Learns from the recent answers when a question is late, and limits how many are asked again. */
export class HedgePace {
  readonly #settings: HedgeSettings;
  readonly #samples: number[] = [];
  #recorded = 0;
  #p95: number | undefined;
  #purse: number;

  constructor(settings: HedgeSettings) {
    this.#settings = settings;
    this.#purse = settings.burst;
  }

  /** The 95th percentile of the recent answers. */
  get p95Ms(): number | undefined {
    return this.#p95;
  }

  /** When to ask again: the recent p95, and never before the floor. */
  get delayMs(): number {
    return Math.max(this.#settings.floorMs, this.#p95 ?? this.#settings.startMs);
  }

  /** A question was answered with a verdict after this long. */
  record(tookMs: number): void {
    this.#samples[this.#recorded % SAMPLES] = tookMs;
    this.#recorded += 1;
    if (this.#p95 === undefined || this.#recorded % REFRESH === 0) this.#p95 = percentile95(this.#samples);
  }

  /** A question begins. */
  asked(): void {
    this.#purse = Math.min(this.#settings.burst, this.#purse + this.#settings.perQuestion);
  }

  /** Takes the right to one hedge; false where it is spent. */
  take(): boolean {
    if (this.#purse < 1) return false;
    this.#purse -= 1;
    return true;
  }
}

function percentile95(samples: readonly number[]): number | undefined {
  return samples.toSorted((left, right) => left - right)[Math.ceil(samples.length * 0.95) - 1];
}
