import type { Logger } from './logger.js';

/** The part of Node's `process` that is needed. */
export interface FaultyProcess {
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  off(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * A fault that nobody caught: whatever the process believes from then on may be wrong, so it says what happened, through
 * the log and its redaction, and ends with 1. The returned function takes that back.
 */
export function exitOnFault(log: Logger, from: FaultyProcess = process): () => void {
  const onException = (error: unknown): void => end('an exception that nobody caught', error);
  const onRejection = (error: unknown): void => end('a rejection that nobody handled', error);
  const end = (what: string, error: unknown): void => {
    try {
      log.error({ err: error }, what);
    } finally {
      from.exit(1);
    }
  };
  from.on('uncaughtException', onException);
  from.on('unhandledRejection', onRejection);
  return () => {
    from.off('uncaughtException', onException);
    from.off('unhandledRejection', onRejection);
  };
}
