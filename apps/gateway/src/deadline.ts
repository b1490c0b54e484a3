/** What we keep for ourselves of the API server's time: at least 300 ms, at least 5 %. */
const MARGIN_MS = 300;
const MARGIN_SHARE = 0.05;
const LEAST_MS = 1;

/** One admission's budget (design rule 6): `?timeout=` minus a margin, as one signal through every call. */
export class Deadline {
  readonly #end: number;
  #controller: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #released = false;

  /** The API server's clock runs since `startedAt` (of `performance.now()`), when its request came in. */
  constructor(timeoutMs: number, startedAt = performance.now()) {
    const budget = Math.max(LEAST_MS, timeoutMs - Math.max(MARGIN_MS, timeoutMs * MARGIN_SHARE));
    // Monotonic: a stepped wall clock neither shortens nor stretches an admission.
    this.#end = startedAt + budget;
  }

  /** Made when it is first asked for: a cached admission waits for nothing, and pays for no timer. */
  get signal(): AbortSignal {
    this.#controller ??= this.#arm();
    return this.#controller.signal;
  }

  /** What is left, milliseconds; 0 when it is over. */
  remainingMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** By the clock and not by the timer, which a busy or stopped process fires late. */
  isOver(): boolean {
    return this.#controller?.signal.aborted === true || this.remainingMs() === 0;
  }

  /** The answer is on its way: nobody waits any more. */
  release(): void {
    this.#released = true;
    clearTimeout(this.#timer);
  }

  #arm(): AbortController {
    const controller = new AbortController();
    const end = (): void => controller.abort(new DOMException('the admission’s time is up', 'TimeoutError'));
    const left = this.remainingMs();
    if (left === 0) end();
    else if (!this.#released) this.#timer = setTimeout(end, Math.max(LEAST_MS, left));
    return controller;
  }
}
