import type { VerificationReply } from '#contracts';

import type { VerifyHandler } from '../verification/answer.js';
import type { Clock } from '../verification/clock.js';
import type { CrashSettings } from '../verification/crash-marks.js';
import type { BusObserver } from '../verification/observer.js';
import type { RedisClock } from './redis-clock.js';
import type { VerifierKeys } from './worker-options.js';
import type { WorkerRedis } from './worker-redis.js';

export interface WorkDeskOptions {
  readonly redis: WorkerRedis;
  /** Verifications at the same time. */
  readonly slots: number;
  readonly cluster: string;
  readonly keys: () => VerifierKeys;
  readonly handler: VerifyHandler;
  readonly crashes: Partial<CrashSettings> | undefined;
  readonly clock: Clock;
  readonly redisClock: RedisClock;
  readonly observer: BusObserver;
  /** Ends what still runs when the process must leave. */
  readonly leaving: AbortSignal;
  /** True while new work may be on its way here. */
  readonly isReading: () => boolean;
  readonly onAnswer: (reply: VerificationReply) => void;
  /** A place became free, or quiet is wanted, or no longer. */
  readonly onChange: () => void;
}
