import { Worker } from 'node:worker_threads';

import { Verdict } from '#contracts';
import { UndecidedError } from '#validator';
import { type Question, verdictOf, withSignal } from '#verification';

import { LocalVerification } from './local-verification.js';
import { Semaphore } from './semaphore.js';
import type { FromThread, ThreadSetup, ToThread } from './thread-messages.js';

/** A verification that needs more than this is an attack; the thread dies, the gateway does not. MiB. */
const HEAP_MIB = 128;
const CONCURRENCY = 16;
/** How long an image that killed the thread alone is not tried again, ms. */
const QUARANTINE_MS = 60_000;

interface Pending {
  readonly question: Question;
  settle(verdict: Verdict): void;
}

/**
 * Verifies in a worker thread with a heap of its own, so that no image can take the gateway down. An image that was
 * there when the thread died runs alone the next time; one that kills it alone is quarantined.
 */
export class ThreadedVerification extends LocalVerification {
  readonly #setup: () => ThreadSetup;
  readonly #onCrash: (error: unknown) => void;
  readonly #pending = new Map<number, Pending>();
  readonly #suspects = new Set<string>();
  readonly #quarantined = new Map<string, number>();
  readonly #places = new Semaphore(CONCURRENCY);
  readonly #alone = new Semaphore(1);
  #thread: Worker | undefined;
  #next = 0;
  #closed = false;

  constructor(options: { setup: () => ThreadSetup; onCrash: (error: unknown) => void }) {
    super();
    this.#setup = options.setup;
    this.#onCrash = options.onCrash;
  }

  override async verify(question: Question, signal: AbortSignal): Promise<Verdict> {
    const name = nameOf(question);
    if (this.#isQuarantined(name)) {
      return undecided(
        'CNS-2008',
        'the image crashed its verification repeatedly and is left alone for a minute',
      );
    }
    try {
      const places = this.#suspects.has(name) ? this.#alone : this.#places;
      return await places.run(() => this.#ask(question, signal), signal);
    } catch (error) {
      return verdictOf(error, [], 0);
    }
  }

  /** A new configuration: the next question starts a new thread with it. */
  renew(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    if (thread !== undefined) setTimeout(() => void thread.terminate(), 30_000).unref();
  }

  override async close(): Promise<void> {
    this.#closed = true;
    await this.#thread?.terminate();
  }

  async #ask(question: Question, signal: AbortSignal): Promise<Verdict> {
    this.#thread ??= this.#start();
    const id = (this.#next += 1);
    const { promise, resolve } = Promise.withResolvers<Verdict>();
    this.#pending.set(id, { question, settle: resolve });
    const { image, rule, revision } = question;
    this.#thread.postMessage({ id, image: image.toString(), rule, revision } satisfies ToThread);
    try {
      return await withSignal(promise, signal);
    } finally {
      this.#pending.delete(id);
    }
  }

  #start(): Worker {
    const thread = new Worker(new URL('./verification-thread.js', import.meta.url), {
      workerData: this.#setup(),
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 32 },
      env: {},
    });
    thread.unref();
    thread.on('message', (message: FromThread) => {
      // The thread parsed hostile documents: what it says is checked like anything else from outside.
      const verdict = Verdict.safeParse(message.verdict);
      this.#pending.get(message.id)?.settle(verdict.success ? verdict.data : crashed());
    });
    thread.on('error', (error) => this.#onCrash(error));
    thread.on('exit', () => this.#onExit(thread));
    return thread;
  }

  #onExit(thread: Worker): void {
    if (this.#thread === thread) this.#thread = undefined;
    if (this.#closed) return;
    const lost = [...this.#pending.values()];
    for (const { question, settle } of lost) {
      const name = nameOf(question);
      if (lost.length === 1 && this.#suspects.has(name))
        this.#quarantined.set(name, performance.now() + QUARANTINE_MS);
      this.#suspects.add(name);
      settle(crashed());
    }
    if (this.#suspects.size > 1_000) this.#suspects.clear();
  }

  #isQuarantined(name: string): boolean {
    const until = this.#quarantined.get(name);
    if (until === undefined) return false;
    if (until > performance.now()) return true;
    this.#quarantined.delete(name);
    return false;
  }
}

function nameOf({ image, rule }: Question): string {
  return `${rule} ${image.toString()}`;
}

function crashed(): Verdict {
  return undecided('CNS-3002', 'the verification ended without an answer');
}

function undecided(code: 'CNS-2008' | 'CNS-3002', message: string): Verdict {
  return verdictOf(new UndecidedError(code, message), [], 0);
}
