/** The two streams: every decision, and the denials again, so that a flood of admissions cannot push a denial out. */
export type DecisionStream = 'decisions' | 'denials';

/** Why records did not become durable. */
export type LossReason =
  'too-many-waiting' | 'too-large' | 'journal-full' | 'journal-failed' | 'no-journal' | 'closed' | 'internal';

/** Why a batch was not believed. */
export type ForgeryReason = 'unsigned' | 'malformed' | 'signature' | 'cluster';

/** What writers and readers of decisions have to tell: for metrics, logs and alerts. */
export type DecisionEvent =
  /** Redis does not take records any more: they go to the journal. */
  | { readonly kind: 'redis-lost'; readonly cause: unknown }
  /** Everything in the journal is on the stream. */
  | { readonly kind: 'redis-back'; readonly replayed: number }
  /** Records are gone. */
  | { readonly kind: 'lost'; readonly records: number; readonly reason: LossReason; readonly cause?: unknown }
  /** The hard cap was reached: records were trimmed that the group had not acknowledged. */
  | { readonly kind: 'trimmed-unread'; readonly stream: DecisionStream; readonly records: number }
  /** Trimming did not work this time; it is tried again. */
  | { readonly kind: 'trim-failed'; readonly stream: DecisionStream; readonly cause: unknown }
  /** Bytes of the journal that are no record: a torn tail, or damage. */
  | { readonly kind: 'journal-damaged'; readonly bytes: number }
  /** A batch that none of the gateways' keys proves. Dropped; told once for each entry. */
  | {
      readonly kind: 'forged';
      readonly stream: DecisionStream;
      readonly id: string;
      readonly reason: ForgeryReason;
    }
  /** Numbers `from` to `to - 1` of a gateway never came. */
  | ({ readonly kind: 'gap'; readonly from: number; readonly to: number } & WriterPlace)
  /** A batch that was already read, written a second time. Dropped. */
  | ({ readonly kind: 'duplicate' } & WriterPlace)
  /** A batch with the right number whose predecessor is not the one that was read. */
  | ({ readonly kind: 'chain-broken' } & WriterPlace)
  /** Entries were trimmed between their delivery and their acknowledgement. */
  | { readonly kind: 'vanished'; readonly stream: DecisionStream; readonly entries: number }
  /** The handler did not take a batch; it stays pending and is tried again later. */
  | {
      readonly kind: 'handler-failed';
      readonly stream: DecisionStream;
      readonly id: string;
      readonly cause: unknown;
    }
  /** The reader cannot read; it tries again until it is told to stop. */
  | { readonly kind: 'unreadable'; readonly stream: DecisionStream; readonly cause: unknown };

interface WriterPlace {
  readonly stream: DecisionStream;
  readonly id: string;
  readonly gateway: string;
  readonly boot: string;
}

export type DecisionObserver = (event: DecisionEvent) => void;

/** For those who count nothing: tests and the cli. */
export const ignoreDecisionEvents: DecisionObserver = () => undefined;
