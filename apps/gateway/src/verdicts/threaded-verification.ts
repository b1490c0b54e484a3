import type { Verdict } from '#contracts';
import { UndecidedError } from '#validator';
import type { NotaryObserver, SharedMemory } from '#validator-notaryv1';
import { type Question, verdictOf } from '#verification';

import { CrashBook } from './crash-book.js';
import { HostPlaces, type Spoke } from './host-places.js';
import { LocalVerification } from './local-verification.js';
import { Semaphore } from './semaphore.js';
import type { ThreadSetup } from './thread-messages.js';
import { type ThreadEnd, VerificationWorker } from './verification-worker.js';

export interface ThreadedVerificationOptions {
  /** Asked for each new thread, so that it has the configuration of then. */
  readonly setup: () => ThreadSetup;
  /** The versions of trust data that the process remembers, for threads that come and go. */
  readonly floors: SharedMemory;
  /** Told of rollbacks that a thread has met. */
  readonly onNotary: NotaryObserver;
  /** A thread died by itself, or could not even be made. */
  readonly onCrash: (error: unknown) => void;
  /** The thread's program; another one in tests. */
  readonly entry?: URL;
  /** Node's flags for it; those of this process where absent. */
  readonly execArgv?: readonly string[];
  /** Of the threads. */
  readonly env?: Readonly<Record<string, string>>;
  readonly heapMib?: number;
  readonly hangMs?: number;
  readonly retireMs?: number;
  readonly restMs?: number;
}

/** A verification that needs more than this is an attack; the thread dies, the gateway does not. */
const HEAP_MIB = 128;
const HANG_MS = 5_000;
/** Longer than the longest flight: whoever asked an old thread has its answer by then. */
const RETIRE_MS = 30_000;
/** After a thread that could not even start, none is started for this long. */
const REST_MS = 1_000;
const CONCURRENCY = 16;
/** A second opinion waits this long for a place. */
const PATIENCE_MS = 300;
/** More than this waiting would only wait for nothing. */
const MAX_WAITING = 256;

/**
 * Verifies in a worker thread with a heap of its own, so that no image can take the gateway down. Images that were there
 * when the thread died are asked again, each alone in a thread of its own; one that dies there three times is
 * quarantined for a minute.
 */
export class ThreadedVerification extends LocalVerification {
  readonly #options: ThreadedVerificationOptions;
  readonly #book = new CrashBook();
  readonly #places = new HostPlaces(CONCURRENCY, MAX_WAITING);
  readonly #alone = new Semaphore(1, MAX_WAITING);
  readonly #workers = new Set<VerificationWorker>();
  #shared: VerificationWorker | undefined;
  #restUntil = 0;
  #closed = false;

  constructor(options: ThreadedVerificationOptions) {
    super();
    this.#options = options;
  }

  override async verify(question: Question, signal: AbortSignal, isSecondOpinion = false): Promise<Verdict> {
    try {
      return await this.#verify(question, signal, isSecondOpinion);
    } catch (error) {
      const verdict = verdictOf(error, [], 0);
      // The verdict of a fault says that the log has the rest.
      if (verdict.outcome === 'undecided' && verdict.code === 'CNS-3004') this.#options.onCrash(error);
      return verdict;
    }
  }

  /** A new configuration: the next question starts a new thread with it; what is pending is answered by the old one. */
  override renew(): void {
    this.#shared?.retire();
    this.#shared = undefined;
    this.#restUntil = 0;
  }

  /** Ends every thread; what is pending is undecided. */
  override async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#workers].map(async (worker) => await worker.terminate()));
  }

  async #verify(question: Question, signal: AbortSignal, isSecondOpinion: boolean): Promise<Verdict> {
    const name = `${question.rule} ${question.image.toString()}`;
    if (this.#book.isQuarantined(name)) throw quarantined();
    if (!this.#book.isSuspect(name)) {
      const end = await this.#askShared(question, signal, isSecondOpinion);
      if (end.kind === 'verdict') return end.verdict;
      if (end.kind === 'unstarted' || this.#closed) return await this.#unstarted(question, signal);
      this.#book.suspect(name);
    }
    return await this.#alone.run(() => this.#verifyAlone(question, name, signal), signal);
  }

  /** The thread was retired between the question and its arrival: once more, by the new one. */
  async #unstarted(question: Question, signal: AbortSignal): Promise<Verdict> {
    const end = await this.#askShared(question, signal, false);
    if (end.kind === 'verdict') return end.verdict;
    throw unanswered();
  }

  async #askShared(question: Question, signal: AbortSignal, isSecondOpinion: boolean) {
    const ask = async () => await this.#sharedWorker().ask(question, signal);
    return await this.#places.run(
      question.image.host,
      ask,
      signal,
      spokeOf,
      isSecondOpinion ? PATIENCE_MS : undefined,
    );
  }

  async #verifyAlone(question: Question, name: string, signal: AbortSignal): Promise<Verdict> {
    if (this.#book.isQuarantined(name)) throw quarantined();
    const worker = this.#start();
    try {
      const end = await worker.ask(question, signal);
      if (end.kind === 'verdict') {
        this.#book.clear(name);
        return end.verdict;
      }
      if (end.kind === 'crashed' && !this.#closed) this.#book.crashedAlone(name);
    } finally {
      void worker.terminate();
    }
    throw this.#book.isQuarantined(name) ? quarantined() : unanswered();
  }

  #sharedWorker(): VerificationWorker {
    this.#shared ??= this.#start();
    return this.#shared;
  }

  #start(): VerificationWorker {
    if (this.#closed || performance.now() < this.#restUntil) throw unanswered();
    const { setup, floors, onNotary, onCrash, entry, execArgv, env, heapMib, hangMs, retireMs } =
      this.#options;
    const worker = new VerificationWorker({
      entry: entry ?? new URL('./verification-thread.js', import.meta.url),
      execArgv,
      setup: setup(),
      floors,
      onNotary,
      env,
      heapMib: heapMib ?? HEAP_MIB,
      hangMs: hangMs ?? HANG_MS,
      retireMs: retireMs ?? RETIRE_MS,
      onCrash: (error, started) => {
        if (!started) this.#restUntil = performance.now() + (this.#options.restMs ?? REST_MS);
        onCrash(error);
      },
      onGone: (gone) => {
        this.#workers.delete(gone);
        if (this.#shared === gone) this.#shared = undefined;
      },
    });
    this.#workers.add(worker);
    return worker;
  }
}

/** Unreachable and not in time is what a registry that hangs comes to; a crash says nothing of it. */
function spokeOf(end: ThreadEnd): Spoke {
  if (end.kind !== 'verdict') return undefined;
  const { verdict } = end;
  return verdict.outcome === 'undecided' && (verdict.code === 'CNS-2004' || verdict.code === 'CNS-2006')
    ? 'hung'
    : 'answered';
}

function quarantined(): UndecidedError {
  return new UndecidedError(
    'CNS-2008',
    'the image crashed its verification repeatedly and is left alone for a minute',
  );
}

function unanswered(): UndecidedError {
  return new UndecidedError('CNS-3002', 'the verification ended without an answer');
}
