import { join } from 'node:path';

import { type Child, firstMessage, startChild } from './children.js';
import type { PushedImage, RegistryCommand, RegistryGreeting } from './processes/registry.js';

type Body<T> = T extends unknown ? Omit<T, 'id'> : never;

/** A registry in another process, and what it saw. */
export class RegistryProcess {
  readonly host: string;
  readonly publicKey: string;
  readonly #child: Child;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #next = 0;

  private constructor(child: Child, { host, publicKey }: RegistryGreeting) {
    this.host = host;
    this.publicKey = publicKey;
    this.#child = child;
    child.process.on('message', ({ id, result }: { id: number; result: unknown }) => {
      this.#waiting.get(id)?.(result);
      this.#waiting.delete(id);
    });
  }

  static async start(latencyMs: number): Promise<RegistryProcess> {
    const script = join(import.meta.dirname, 'processes', 'registry.js');
    const child = startChild([process.execPath, script, String(latencyMs)]);
    return new RegistryProcess(child, await firstMessage<RegistryGreeting>(child));
  }

  /** New images with valid signatures. */
  async push(format: 'legacy' | 'bundle', count: number): Promise<PushedImage[]> {
    return (await this.#ask({ kind: 'push', format, count })) as PushedImage[];
  }

  /** What was asked since the last time. */
  async journal(): Promise<{ roundTrips: number; requests: number }> {
    return (await this.#ask({ kind: 'journal' })) as { roundTrips: number; requests: number };
  }

  #ask(command: Body<RegistryCommand>): Promise<unknown> {
    const id = (this.#next += 1);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#child.process.send({ ...command, id });
    });
  }
}
