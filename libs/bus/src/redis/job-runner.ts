import { setTimeout as pause } from 'node:timers/promises';

import type { VerificationReply } from '#contracts';

import type { VerdictKeys } from '../keys/signature-keys.js';
import { answerWith, cannot, type VerifyHandler } from '../verification/answer.js';
import type { Clock } from '../verification/clock.js';
import type { BusObserver } from '../verification/observer.js';
import { sealReply } from '../verification/reply-envelope.js';
import type { RunAlone, Work } from './work.js';
import type { WorkerRedis } from './worker-redis.js';

export interface JobRunnerOptions {
  readonly handler: VerifyHandler;
  /** Name of this verifier in its replies. */
  readonly verifier: string;
  readonly keys: () => VerdictKeys;
  readonly redis: WorkerRedis;
  readonly clock: Clock;
  /** Now by Redis' clock. */
  readonly now: () => number;
  readonly observer: BusObserver;
  /** Ends what still runs when the process must leave. */
  readonly leaving: AbortSignal;
  /** Every answer of the handler, also one that comes too late. */
  readonly onAnswer: (reply: VerificationReply) => void;
}

/** After its deadline a handler may still say how it went; then its place is given away, milliseconds. */
const PATIENCE_MS = 500;
const WRITE_PAUSE_MS = 100;

/** Runs the handler for one piece of work, within its deadline, and writes what it says. */
export class JobRunner {
  readonly #options: JobRunnerOptions;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async run(work: Work, alone?: RunAlone): Promise<void> {
    const reply = await this.#answer(work);
    if (reply !== undefined) this.#options.onAnswer(reply);
    await this.#end(work, this.#options.now() < work.deadline ? reply : undefined, alone);
  }

  /** Says that nobody will judge it for now. */
  async refuse(work: Work): Promise<void> {
    await this.#end(work, cannot(work.request, 'quarantined', this.#options.verifier), undefined);
  }

  /** Takes it away; nobody waits for it any more. */
  async drop(work: Work): Promise<void> {
    await this.#end(work, undefined, undefined);
  }

  async #answer(work: Work): Promise<VerificationReply | undefined> {
    const { handler, clock, now, leaving } = this.#options;
    const deadline = new AbortController();
    const left = Math.max(0, work.deadline - now());
    const cancelAbort = clock.after(left, () => deadline.abort());
    const { promise: abandoned, resolve: abandon } = Promise.withResolvers<undefined>();
    const cancelAbandon = clock.after(left + PATIENCE_MS, () => abandon(undefined));
    const signal = AbortSignal.any([deadline.signal, leaving]);
    const reply = await Promise.race([answerWith(handler, work.request, this.#options, signal), abandoned]);
    cancelAbort();
    cancelAbandon();
    return reply;
  }

  async #end(work: Work, reply: VerificationReply | undefined, alone: RunAlone | undefined): Promise<void> {
    const { redis, keys, observer } = this.#options;
    if (reply === undefined) observer.observe({ kind: 'dropped-past-deadline' });
    const text = reply === undefined ? undefined : sealReply(reply, keys());
    await this.#write(work, () =>
      text === undefined
        ? redis.drop([work.entry.id], alone === undefined ? undefined : { ...alone, subject: work.subject })
        : redis.reply(text, work, alone),
    );
  }

  /** Tries for as long as somebody waits; what cannot be written is left pending, so that another verifier takes it over. */
  async #write(work: Work, write: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await write();
      } catch (error) {
        this.#options.observer.observe({ kind: 'redis-failed', error });
        if (this.#options.leaving.aborted || this.#options.now() >= work.deadline) return;
        await pause(WRITE_PAUSE_MS);
      }
    }
  }
}
