import { Worker } from 'node:worker_threads';

import { Verdict } from '#contracts';
import { type PullCredential, untilAborted } from '#registry';
import type { NotaryObserver, SharedMemory } from '#validator-notaryv1';
import type { Question } from '#verification';

import type { FromThread, ThreadPull, ThreadSetup, ToThread } from './thread-messages.js';

/** How a question to a thread ends. `unstarted`: it died before any image was looked at, so no image is to blame. */
export type ThreadEnd =
  { readonly kind: 'verdict'; readonly verdict: Verdict } | { readonly kind: 'crashed' | 'unstarted' };

export interface VerificationWorkerOptions {
  readonly entry: URL;
  readonly execArgv: readonly string[] | undefined;
  readonly setup: ThreadSetup;
  /** The versions of trust data that the process remembers. */
  readonly floors: SharedMemory;
  readonly onNotary: NotaryObserver;
  /** What the keychain's SDKs need to know; nothing else of this process's environment goes there. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly heapMib: number;
  /** How long the thread may not react while it has work, ms; then it hangs, and is ended. */
  readonly hangMs: number;
  /** How long an old thread may take to finish, ms. */
  readonly retireMs: number;
  /** It ended though nobody wanted it to; `started`: it had been ready for work. */
  readonly onCrash: (error: unknown, started: boolean) => void;
  readonly onGone: (worker: VerificationWorker) => void;
}

/** Loading the program counts as reacting; on a busy machine it takes its time. */
const START_FACTOR = 5;

/** One thread that verifies. Every question to it ends: with its verdict, with its death, or with the asker's signal. */
export class VerificationWorker {
  readonly #options: VerificationWorkerOptions;
  readonly #worker: Worker;
  readonly #pending = new Map<number, (end: ThreadEnd) => void>();
  readonly #heartbeat: NodeJS.Timeout;
  #next = 0;
  #isReady = false;
  #isEnding = false;
  #heardAt = performance.now();
  #error: unknown;

  constructor(options: VerificationWorkerOptions) {
    this.#options = options;
    const { heapMib, execArgv } = options;
    this.#worker = new Worker(options.entry, {
      workerData: options.setup,
      resourceLimits: { maxOldGenerationSizeMb: heapMib, maxYoungGenerationSizeMb: Math.ceil(heapMib / 4) },
      // Nothing else of the gateway's environment: no password of Redis, no proxy.
      env: { ...options.env },
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    });
    this.#worker.unref();
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error) => (this.#error = error));
    this.#worker.on('exit', () => this.#end());
    this.#heartbeat = setInterval(() => this.#beat(), options.hangMs / 3).unref();
  }

  async ask({ image, rule, trustRevision, pull }: Question, signal: AbortSignal): Promise<ThreadEnd> {
    signal.throwIfAborted();
    if (this.#isEnding) return { kind: 'unstarted' };
    const id = (this.#next += 1);
    const { promise, resolve } = Promise.withResolvers<ThreadEnd>();
    if (this.#pending.size === 0) this.#heardAt = performance.now();
    this.#pending.set(id, resolve);
    this.#say({
      kind: 'verify',
      id,
      image: image.toString(),
      rule,
      trustRevision,
      pull: pull === undefined ? undefined : toThread(pull),
    });
    try {
      return await untilAborted(promise, signal);
    } finally {
      if (this.#pending.delete(id)) this.#say({ kind: 'cancel', id });
    }
  }

  /** Takes no more questions; ends when those it has are answered. */
  retire(): void {
    this.#isEnding = true;
    if (this.#pending.size === 0) void this.terminate();
    else setTimeout(() => void this.terminate(), this.#options.retireMs).unref();
  }

  /** Ends at once; what is pending is settled. */
  async terminate(): Promise<void> {
    this.#isEnding = true;
    await this.#worker.terminate();
  }

  #say(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #hear(message: FromThread): void {
    this.#heardAt = performance.now();
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        return;
      case 'pong':
        return;
      case 'read-floor':
        return void this.#answerFloor(message.id, message.name);
      case 'write-floor':
        return void this.#options.floors.write(message.name, message.text);
      case 'rollback':
        return this.#options.onNotary(message);
      case 'verdict':
        return this.#settle(message);
    }
  }

  async #answerFloor(id: number, name: string): Promise<void> {
    const text = await this.#options.floors.read(name, AbortSignal.timeout(this.#options.hangMs));
    this.#say({ kind: 'floor', id, text });
  }

  #settle(message: Extract<FromThread, { kind: 'verdict' }>): void {
    const settle = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    // The thread parsed hostile documents: what it says is checked like anything else from outside.
    const { success, data } = Verdict.safeParse(message.verdict);
    settle?.(success ? { kind: 'verdict', verdict: data } : { kind: 'crashed' });
    if (this.#isEnding && this.#pending.size === 0) void this.terminate();
  }

  /** A document that keeps the thread busy for ever would keep everything else in it waiting. */
  #beat(): void {
    if (this.#pending.size === 0) return;
    const patience = this.#options.hangMs * (this.#isReady ? 1 : START_FACTOR);
    if (performance.now() - this.#heardAt > patience) {
      this.#error = new Error('the verification thread did not react');
      void this.#worker.terminate();
    } else this.#say({ kind: 'ping' });
  }

  #end(): void {
    clearInterval(this.#heartbeat);
    const wanted = this.#isEnding && this.#error === undefined;
    this.#isEnding = true;
    const kind = this.#isReady ? 'crashed' : 'unstarted';
    const settlers = [...this.#pending.values()];
    this.#pending.clear();
    if (!wanted) {
      const error = this.#error ?? new Error('the verification thread ended by itself');
      this.#options.onCrash(error, this.#isReady);
    }
    this.#options.onGone(this);
    for (const settle of settlers) settle({ kind });
  }
}

/** Across threads goes text only; this one is of our own process. */
function toThread(pull: PullCredential): ThreadPull {
  return { secretName: pull.secretName, scopeId: pull.scopeId, entry: pull.reveal() };
}
