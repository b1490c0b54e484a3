import type { VerificationRequest } from '#contracts';

import type { Subject } from '../verification/subject.js';
import type { StreamEntry } from './replies.js';

/** One attempt of a question that this verifier has taken. */
export interface Work {
  readonly request: VerificationRequest;
  readonly subject: Subject;
  /** As it came out of the stream. */
  readonly entry: StreamEntry;
  /** By Redis' clock, milliseconds since the epoch. */
  readonly deadline: number;
}

/** What happens to crash marks and suspicion when a run alone ends. */
export interface RunAlone {
  /** Field of the mark. */
  readonly run: string;
  /** No earlier run of it crashed, so it is no longer suspected. */
  readonly isClean: boolean;
}
