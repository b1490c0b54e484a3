export { exitOnFault, type FaultyProcess } from './exit-on-fault.js';
export { type LoggedFinding, logFindings } from './log-findings.js';
export { createLogger, type Logger, silentLogger } from './logger.js';
export { type LoopReport, LoopWatch } from './loop-watch.js';
export { HealthReport, ManagementModule } from './management.module.js';
export { counterIn, gaugeIn } from './metrics.js';
export { NestLog } from './nest-log.js';
export { redact } from './redact.js';
