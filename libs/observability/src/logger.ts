import { pino } from 'pino';

import { redact } from './redact.js';

/** What the rest of the program may ask of a log. Fields first, as pino has it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** The same log with these fields on every line. */
  child(fields: object): Logger;
}

/** Logs to stderr: stdout is for results. One line for each event, in JSON, or as text for people. */
export function createLogger(
  options: { level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'; format: 'json' | 'text'; service: string },
  destination: { write(line: string): unknown } = process.stderr,
): Logger {
  const sink =
    options.format === 'json' ? destination : { write: (line: string) => destination.write(toText(line)) };
  return pino(
    {
      level: options.level,
      base: { service: options.service },
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'msg',
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    { write: (line: string) => sink.write(redact(line)) },
  );
}

/** Drops everything; for tests and for commands that speak through their results. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLogger,
};

/** Name, code, message and causes; never the other properties of an error, which may hold URLs and headers. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  const code = 'code' in error ? String(error.code) : undefined;
  return {
    name: error.name,
    ...(code === undefined ? {} : { code }),
    message: error.message.slice(0, 500),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

function toText(line: string): string {
  const { level, time, service, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${String(service)}: ${String(msg)}${rest.join('')}\n`;
}
