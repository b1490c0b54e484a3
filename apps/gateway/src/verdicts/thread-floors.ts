import type { SharedMemory } from '#validator-notaryv1';

import type { FromThread } from './thread-messages.js';

/** The versions that the gateway remembers, seen from its verification thread: asked for by message. */
export class ThreadFloors implements SharedMemory {
  readonly #say: (message: FromThread) => void;
  readonly #waiting = new Map<number, (text: string | undefined) => void>();
  #next = 0;

  constructor(say: (message: FromThread) => void) {
    this.#say = say;
  }

  async read(name: string, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    const id = (this.#next += 1);
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#waiting.set(id, resolve);
    const onAbort = (): void => this.hear(id, undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#say({ kind: 'read-floor', id, name });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  write(name: string, text: string): Promise<void> {
    this.#say({ kind: 'write-floor', name, text });
    return Promise.resolve();
  }

  /** The gateway's answer. */
  hear(id: number, text: string | undefined): void {
    this.#waiting.get(id)?.(text);
    this.#waiting.delete(id);
  }
}
