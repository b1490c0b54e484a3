import type { LogConfig } from './configuration.js';
import type { EnvironmentSettings } from './environment.js';
import type { Finding } from './finding.js';
import { LogFormatSchema, LogLevelSchema } from './schema/values.js';
import type { Section } from './sections.js';

/** What is logged and how: defaults < file < environment. */
export function resolveLog(
  level: Section | undefined,
  format: Section | undefined,
  { log }: EnvironmentSettings,
  findings: Finding[],
): LogConfig {
  const chosen = log.format ?? LogFormatSchema.safeParse(format?.value).data ?? 'json';
  if (chosen === 'json-pretty') {
    const message = 'json-pretty is read as json: one line for each entry';
    if (log.format === undefined) format?.report.warning('deprecated', message);
    else
      findings.push({ severity: 'warning', code: 'deprecated', ...ENVIRONMENT, path: 'LOG_FORMAT', message });
  }
  return {
    level: log.level ?? LogLevelSchema.safeParse(level?.value).data ?? 'info',
    format: chosen === 'text' ? 'text' : 'json',
  };
}

const ENVIRONMENT = { file: 'environment', line: 0, column: 0 } as const;
