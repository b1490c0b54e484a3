import type { RequestKeys } from '../keys/request-keys.js';
import type { VerdictKeys } from '../keys/signature-keys.js';
import type { Clock } from '../verification/clock.js';
import type { CrashSettings } from '../verification/crash-marks.js';
import type { IsolationSettings } from '../verification/isolation.js';
import type { BusObserver, ServerState } from '../verification/observer.js';
import type { Connect } from './redis-link.js';

/** What a verifier needs to believe a request and to sign a verdict. */
export interface VerifierKeys {
  readonly requests: RequestKeys;
  readonly verdicts: VerdictKeys;
}

export interface StreamsWorkerOptions {
  readonly connect: Connect;
  /** Called for each message, so that a new set takes effect at once. */
  readonly keys: () => VerifierKeys;
  readonly cluster: string;
  /** Name of this verifier; each start adds its own ending. */
  readonly verifier: string;
  /** Verifications at the same time; 32 by default. */
  readonly slots?: number;
  readonly observer?: BusObserver;
  readonly isolation?: Partial<IsolationSettings>;
  readonly crashes?: Partial<CrashSettings>;
  /** How long closing waits for work in flight before it is aborted, milliseconds; 10 s by default. */
  readonly closeGraceMs?: number;
  readonly clock?: Clock;
  readonly random?: (bytes: number) => Uint8Array;
}

/** How a verifier does, for a health page. */
export interface WorkerHealth {
  readonly state: ServerState;
  readonly redis: 'up' | 'down';
  /** One sentence for people: why Redis is down, or why the verifier stays away from work. */
  readonly text: string;
  readonly running: number;
  /** Work that waits to run alone, or for its registry's turn. */
  readonly waiting: number;
  readonly slots: number;
}
