import { BusDownError } from '../verification/error.js';
import type { BusObserver } from '../verification/observer.js';
import type { RedisConnection, RedisRole } from './create-redis.js';
import { RedisSetupError } from './error.js';
import { assertRedisVersion } from './redis-version.js';

/** Makes a connection; usually {@link createRedis} with its settings. */
export type Connect = (role: RedisRole) => RedisConnection;

export interface RedisLinkOptions {
  readonly connect: Connect;
  /** What commands do while Redis is away. */
  readonly commands: 'prompt' | 'patient';
  readonly observer: BusObserver;
  readonly onUp: () => void;
  readonly onDown: () => void;
}

/** One connection for commands and one for a command that blocks, as one thing that is up or down. */
export class RedisLink {
  readonly commands: RedisConnection;
  readonly reader: RedisConnection;
  readonly #options: RedisLinkOptions;
  #fault: BusDownError | undefined = new BusDownError('unreachable', 'Redis is not connected yet');
  #versionAccepted = false;
  #wasUp = false;
  #closed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    this.commands = options.connect(options.commands);
    this.reader = options.connect('blocking');
    for (const connection of [this.commands, this.reader]) {
      connection.on('ready', () => void this.#checkUp());
      connection.on('close', () => this.#goDown());
      connection.on('error', (error: unknown) => options.observer.observe({ kind: 'redis-failed', error }));
    }
  }

  /** Why Redis cannot be used now; undefined where it can. */
  get fault(): BusDownError | undefined {
    return this.#fault;
  }

  /** Cuts both connections; what waits on them fails. */
  close(): void {
    this.#closed = true;
    this.#fault = new BusDownError('closed', 'the bus is closed');
    this.commands.disconnect();
    this.reader.disconnect();
  }

  async #checkUp(): Promise<void> {
    if (!this.#areReady() || !(await this.#isAccepted())) return;
    // The connection may have been lost, and found again, while we asked for the version.
    if (this.#closed || this.#fault === undefined || !this.#areReady()) return;
    this.#fault = undefined;
    if (this.#wasUp) this.#options.observer.observe({ kind: 'reconnected' });
    this.#wasUp = true;
    this.#options.onUp();
  }

  async #isAccepted(): Promise<boolean> {
    if (this.#versionAccepted) return true;
    try {
      await assertRedisVersion(this.commands);
      this.#versionAccepted = true;
    } catch (error) {
      this.#options.observer.observe({ kind: 'redis-failed', error });
      if (error instanceof RedisSetupError && !this.#closed) {
        this.#fault = new BusDownError('unreachable', error.message, { cause: error });
      }
    }
    return this.#versionAccepted;
  }

  #areReady(): boolean {
    return this.commands.status === 'ready' && this.reader.status === 'ready';
  }

  #goDown(): void {
    if (this.#closed || this.#fault !== undefined) return;
    this.#fault = new BusDownError('unreachable', 'the connection to Redis is lost');
    this.#options.observer.observe({ kind: 'disconnected' });
    this.#options.onDown();
  }
}
