export { exitOnFault, type FaultyProcess } from './exit-on-fault.js';
export { HealthReport } from './health-report.js';
export { ManagementModule } from './load-management.js';
export { type LoggedFinding, logFindings } from './log-findings.js';
export { createLogger, type Logger, silentLogger } from './logger.js';
export { type LoopReport, LoopWatch } from './loop-watch.js';
export { counterIn, gaugeIn } from './metrics.js';
export { NestLog } from './nest-log.js';
export { redact } from './redact.js';
