/** What we keep for ourselves of the API server's time: at least 300 ms, at least 5 %. */
const MARGIN_MS = 300;
const MARGIN_SHARE = 0.05;

/** One admission's budget (design rule 6): `?timeout=` minus a margin, as one signal through every call. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #end: number;
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    const budget = Math.max(1, timeoutMs - Math.max(MARGIN_MS, timeoutMs * MARGIN_SHARE));
    // Monotonic: a stepped wall clock neither shortens nor stretches an admission.
    this.#end = performance.now() + budget;
    const controller = new AbortController();
    this.signal = controller.signal;
    this.#timer = setTimeout(
      () => controller.abort(new DOMException('the admission’s time is up', 'TimeoutError')),
      budget,
    );
  }

  /** What is left, milliseconds; 0 when it is over. */
  remainingMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** The answer is on its way: nobody waits any more. */
  release(): void {
    clearTimeout(this.#timer);
  }
}
