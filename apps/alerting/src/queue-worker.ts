import { Worker } from 'bullmq';

/** Seconds a worker waits in Redis at a time. */
export const BLOCK_SECONDS = 2;

/**
 * A worker that never waits longer than two seconds in one call, also when the next job is due later: connections count as
 * dead when they are silent for longer than that, which is how a half-open socket is found.
 */
export class QueueWorker extends Worker {
  override get maximumBlockTimeout(): number {
    return BLOCK_SECONDS;
  }
}
