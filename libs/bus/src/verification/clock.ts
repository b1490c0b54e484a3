/** Time that only goes forward, and something to do later. */
export interface Clock {
  /** Milliseconds from a fixed but unknown moment. */
  now(): number;
  /** Runs `task` once after `ms`; the result takes it back. */
  after(ms: number, task: () => void): () => void;
}

/** The machine's monotonic clock: deadlines survive a change of the wall clock. */
export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};
