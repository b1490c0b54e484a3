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

/** An entry as it was read; `fields` is absent where the entry was trimmed after its delivery. */
export interface ReadEntry {
  readonly id: string;
  readonly fields: readonly string[] | undefined;
}

/** The reply of XRANGE, XREVRANGE and the entries of XAUTOCLAIM. What has another shape is left out. */
export function toEntries(reply: unknown): ReadEntry[] {
  if (!Array.isArray(reply)) return [];
  return (reply as unknown[]).flatMap((entry) => {
    if (!Array.isArray(entry) || typeof entry[0] !== 'string') return [];
    const fields: unknown = entry[1];
    return [{ id: entry[0], fields: Array.isArray(fields) ? fields.map(String) : undefined }];
  });
}

/** The entries of one stream in the reply of XREAD and XREADGROUP; a RESP3 reply is flat, a RESP2 reply is nested. */
export function toReadEntries(reply: unknown): ReadEntry[] {
  if (!Array.isArray(reply)) return [];
  const [first, second] = reply as unknown[];
  return toEntries(Array.isArray(first) ? first[1] : second);
}

/** Names and values in turn, as XINFO replies. */
export function toFields(reply: unknown): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  if (!Array.isArray(reply)) return fields;
  for (let index = 0; index + 1 < reply.length; index += 2)
    fields.set(String(reply[index]), reply[index + 1]);
  return fields;
}

/** True for the error with which Redis begins its text with this word, for example `NOGROUP`. */
export function isReplyError(error: unknown, word: string): boolean {
  return error instanceof Error && error.message.startsWith(word);
}
