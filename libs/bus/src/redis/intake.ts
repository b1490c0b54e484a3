import type { VerificationRequest } from '#contracts';

import type { RequestKeys } from '../keys/request-keys.js';
import { EnvelopeError } from '../verification/error.js';
import type { BusObserver } from '../verification/observer.js';
import type { QuarantineList } from '../verification/quarantine.js';
import { openRequest } from '../verification/request-envelope.js';
import { type Subject, subjectOf } from '../verification/subject.js';
import { timeOfEntry } from './redis-clock.js';
import type { StreamEntry } from './replies.js';
import type { Work } from './work.js';

/** What to do with an entry. `subject`: of an authentic request, whatever becomes of it. */
export type Intent =
  /** Forged, of another cluster, or too late. */
  | { readonly kind: 'drop'; readonly subject: Subject | undefined }
  | { readonly kind: 'quarantined' | 'alone' | 'run'; readonly subject: Subject; readonly work: Work };

export interface IntakeOptions {
  readonly cluster: string;
  readonly keys: () => RequestKeys;
  readonly observer: BusObserver;
  readonly quarantine: QuarantineList;
  /** Now by Redis' clock. */
  readonly now: () => number;
}

/** Judges what comes out of the stream. Nothing in an entry is looked at before it is authenticated. */
export class Intake {
  readonly #options: IntakeOptions;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** `redelivered`: its owner died or hung with it. */
  judge(entry: StreamEntry, redelivered: boolean, suspects: ReadonlySet<Subject>): Intent {
    const request = this.#open(entry);
    if (request === undefined) return { kind: 'drop', subject: undefined };
    const { cluster, observer, now } = this.#options;
    const subject = subjectOf(cluster, request);
    const deadline = timeOfEntry(entry.id) + request.budgetMs;
    if (!(now() < deadline)) {
      observer.observe({ kind: 'dropped-past-deadline' });
      return { kind: 'drop', subject };
    }
    const work: Work = { request, subject, entry, deadline };
    return { kind: this.kindOf(work, redelivered, suspects), subject, work };
  }

  /** How a request may be worked on now; asked again where it has waited since. */
  kindOf(
    { subject }: Work,
    redelivered: boolean,
    suspects: ReadonlySet<Subject>,
  ): 'quarantined' | 'alone' | 'run' {
    const { quarantine, now } = this.#options;
    if (quarantine.has(subject, now())) return 'quarantined';
    return redelivered || suspects.has(subject) ? 'alone' : 'run';
  }

  #open(entry: StreamEntry): VerificationRequest | undefined {
    const { cluster, keys, observer } = this.#options;
    try {
      const request = openRequest(entry.fields, keys());
      if (request.cluster === cluster) return request;
      observer.observe({ kind: 'forged', message: 'request', fault: 'cluster' });
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      observer.observe({ kind: 'forged', message: 'request', fault: error.code });
    }
    return undefined;
  }
}
