export { createLogger, type Logger, silentLogger } from './logger.js';
export { HealthReport, ManagementModule } from './management.module.js';
export { counterIn, gaugeIn } from './metrics.js';
export { NestLog } from './nest-log.js';
export { redact } from './redact.js';
