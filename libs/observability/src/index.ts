export { createLogger, type Logger, silentLogger } from './logger.js';
export { redact } from './redact.js';
