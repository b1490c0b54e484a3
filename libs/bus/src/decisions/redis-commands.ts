import type { DecisionStream } from './observer.js';

/** What the streams need of a Redis client; `Redis` and `Cluster` of ioredis have it. */
export interface RedisCommands {
  /** `ready` when commands are answered. */
  readonly status: string;
  call(command: string, ...args: (string | number)[]): Promise<unknown>;
  multi(commands: unknown[][]): { exec(): Promise<[error: Error | null, result: unknown][] | null> };
}

/** A connection of its own for reads that block. */
export interface BlockingRedis extends RedisCommands {
  disconnect(): void;
}

/** One hash tag for both, so that a batch and its denials are one transaction in a cluster too. */
export const STREAM_KEYS: Readonly<Record<DecisionStream, string>> = {
  decisions: '{connaisseur-log}:decisions',
  denials: '{connaisseur-log}:denials',
};
