import type { LoggerService } from '@nestjs/common';

import type { Logger } from './logger.js';

/** Nest's own messages in our log: errors and warnings as they are, the wiring at debug. */
export class NestLog implements LoggerService {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  log(message: unknown): void {
    this.#log.debug({}, String(message));
  }

  debug(message: unknown): void {
    this.#log.debug({}, String(message));
  }

  verbose(message: unknown): void {
    this.#log.debug({}, String(message));
  }

  warn(message: unknown): void {
    this.#log.warn({}, String(message));
  }

  error(message: unknown): void {
    this.#log.error({}, message instanceof Error ? message.message : String(message));
  }

  fatal(message: unknown): void {
    this.error(message);
  }
}
