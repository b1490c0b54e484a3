import type { Logger } from './logger.js';

/** What a configuration's finding says, and where. */
export interface LoggedFinding {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly file: string;
  /** From 1; 0 where it has no place in the file. */
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
}

/** `connaisseur lint` shows all of them. */
const MAX_TOLD = 50;

/** Tells what is strange about a configuration that comes into force: a line for each finding, with its place. */
export function logFindings(findings: readonly LoggedFinding[], log: Pick<Logger, 'warn'>): void {
  for (const { code, file, line, column, path, message } of findings.slice(0, MAX_TOLD)) {
    const place = line === 0 ? file : `${file}:${line}:${column}`;
    log.warn({ code, path, ...(place === '' ? {} : { place }) }, `configuration: ${message}`);
  }
  const more = findings.length - MAX_TOLD;
  if (more > 0) log.warn({ more }, 'configuration: there are more findings; connaisseur lint shows them all');
}
