import { DecisionLogError, type DecisionLogStats } from './decision-log.js';
import { type Journal, JournalError } from './journal.js';
import type { DecisionObserver } from './observer.js';
import type { RedisCommands } from './redis-commands.js';
import { decodeSealed, encodeSealed, type SealedBatch, StreamWriter } from './stream-writer.js';
import type { StreamTrimmer } from './stream-trimmer.js';

export interface DurableWriterOptions {
  readonly redis: RedisCommands;
  readonly journal: Journal;
  readonly trimmer: StreamTrimmer;
  readonly observe: DecisionObserver;
  readonly timeoutMs: number;
  /** Called when Redis answers again and the journal can be replayed. */
  readonly wake: () => void;
}

/** Batches that are replayed in one transaction; small, so that a strict caller never waits long behind it. */
const REPLAY_BATCHES = 16;
/** A replay carries more than a write, so it may take longer. */
const REPLAY_TIMEOUT_FACTOR = 4;
const PROBE_MIN_MS = 50;
const PROBE_MAX_MS = 500;
const BATCHES_PER_TRIM = 64;

/**
 * Puts batches where they survive, in order: on the stream, or in the journal from the first failure of Redis until
 * everything in it is on the stream. One caller at a time.
 */
export class DurableWriter {
  readonly #options: DurableWriterOptions;
  readonly #stream: StreamWriter;
  /** Redis answered when it was last asked. */
  #answers = true;
  #state: DecisionLogStats['state'];
  #probeMs = PROBE_MIN_MS;
  #probe: NodeJS.Timeout | undefined;
  #closed = false;
  #written = 0;
  #batches = 0;
  #journalled = 0;
  #replayed = 0;
  #untilTrim = 0;

  constructor(options: DurableWriterOptions) {
    this.#options = options;
    this.#stream = new StreamWriter(options.redis);
    this.#state = options.journal.entries === 0 ? 'redis' : 'journal';
  }

  stats(): Omit<DecisionLogStats, 'waiting' | 'lost'> {
    return {
      state: this.#state,
      written: this.#written,
      batches: this.#batches,
      journalled: this.#journalled,
      journalBytes: this.#options.journal.bytes,
      trimmedUnread: this.#options.trimmer.trimmedUnread,
    };
  }

  /** Resolves when the batch is durable; throws `DecisionLogError` where neither Redis nor the journal took it. */
  async write(batch: SealedBatch): Promise<void> {
    const { journal, timeoutMs } = this.#options;
    if (this.#answers && journal.entries === 0) {
      try {
        await this.#stream.write([batch], timeoutMs);
        this.#arrived([batch]);
        return;
      } catch (cause) {
        this.#failed(cause);
      }
    }
    await this.#journal(batch);
  }

  /** Moves some of the journal to the stream. True where there may be more. */
  async replaySome(): Promise<boolean> {
    const { journal, timeoutMs, observe } = this.#options;
    if (!this.#answers || this.#closed || journal.entries === 0) return false;
    try {
      const frames = await journal.peek(REPLAY_BATCHES);
      const batches = frames.map(decodeSealed).filter((batch) => batch !== undefined);
      await this.#stream.write(batches, timeoutMs * REPLAY_TIMEOUT_FACTOR);
      await journal.release(frames.length);
      for (const { records } of batches) this.#replayed += records;
      if (batches.length < frames.length) observe({ kind: 'journal-damaged', bytes: 0 });
      this.#arrived(batches);
      return true;
    } catch (cause) {
      this.#failed(cause);
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#probe);
    await this.#options.journal.close();
  }

  async #journal(batch: SealedBatch): Promise<void> {
    try {
      await this.#options.journal.append(encodeSealed(batch));
      this.#journalled += batch.records;
    } catch (cause) {
      const reason = cause instanceof JournalError ? cause.code : 'journal-failed';
      throw new DecisionLogError(reason, 'neither Redis nor the local journal took the decision', { cause });
    }
  }

  #arrived(batches: readonly SealedBatch[]): void {
    const { journal, trimmer, observe } = this.#options;
    for (const { records, denials } of batches) {
      this.#written += records;
      this.#batches += 1;
      trimmer.note('decisions', records);
      if (denials !== undefined) trimmer.note('denials', Number(denials[1]));
    }
    this.#probeMs = PROBE_MIN_MS;
    if (this.#state === 'journal' && journal.entries === 0) {
      this.#state = 'redis';
      observe({ kind: 'redis-back', replayed: this.#replayed });
      this.#replayed = 0;
    }
    this.#untilTrim -= batches.length;
    if (this.#untilTrim > 0) return;
    this.#untilTrim = BATCHES_PER_TRIM;
    void trimmer.trim();
  }

  #failed(cause: unknown): void {
    this.#answers = false;
    if (this.#state === 'redis') {
      this.#state = 'journal';
      this.#options.observe({ kind: 'redis-lost', cause });
    }
    this.#probeLater();
  }

  /** Asks Redis beside the writer, so that nobody waits for an answer that does not come. */
  #probeLater(): void {
    if (this.#closed || this.#probe !== undefined) return;
    this.#probe = setTimeout(() => void this.#ask(), this.#probeMs);
    // What is in the journal is safe: nobody need stay alive to ask for Redis.
    this.#probe.unref();
    this.#probeMs = Math.min(this.#probeMs * 2, PROBE_MAX_MS);
  }

  async #ask(): Promise<void> {
    try {
      await this.#stream.ping(this.#options.timeoutMs);
      this.#answers = true;
    } catch {
      // Still down, as the observer was told when it began.
    }
    this.#probe = undefined;
    if (this.#closed) return;
    if (this.#answers) this.#options.wake();
    else this.#probeLater();
  }
}
