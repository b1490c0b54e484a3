import type { VerificationRequest } from '#contracts';

import type { Subject } from '../verification/subject.js';

/** One question that this verifier has taken, however often it was asked. */
export interface Work {
  readonly request: VerificationRequest;
  readonly subject: Subject;
  /** Stream entries of its attempts that came here; all are acknowledged together. */
  readonly entries: string[];
  /** The fields of the first entry, for the dead-letter stream. */
  readonly fields: readonly string[];
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
