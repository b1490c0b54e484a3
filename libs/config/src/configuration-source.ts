import { type Environment, relevantTo } from './environment.js';
import { ConfigurationError, type Finding, type SourceFile } from './finding.js';
import type { FindingCode } from './report.js';
import { MAX_BYTES } from './yaml/bounds.js';

/** Everything that a configuration is made of, as text. Nothing is read from elsewhere. */
export interface ConfigurationSource {
  /** The chart's values file, or the document that it renders: `validators`, `policy` and the like at the top. */
  readonly file: SourceFile;
  /** The alert document that the chart renders; used in place of an `alerting` section. */
  readonly alerts?: SourceFile;
  /** Connaisseur's variables; what they say wins over the files. */
  readonly environment?: Environment;
}

/** One file that somebody names, or the two documents that the chart mounts; alerts may be absent there. */
export type ConfigurationPaths =
  { readonly policy: string } | { readonly config: string; readonly alerts: string };

/** Where the chart mounts its documents. */
export const MOUNTED_PATHS = {
  config: '/app/config/config.yaml',
  alerts: '/app/alerts/config.yaml',
} as const satisfies ConfigurationPaths;

/** At most `limit` bytes of a file and a little more; throws an error with code ENOENT where there is no file. */
export type ReadFile = (path: string, limit: number) => Uint8Array;

/** Reads the texts of a configuration; throws {@link ConfigurationError} for what is missing, too large or not UTF-8. */
export function readConfigurationSource(
  paths: ConfigurationPaths,
  readFile: ReadFile,
  environment: Environment = {},
): ConfigurationSource {
  const path = 'policy' in paths ? paths.policy : paths.config;
  const file = readText(path, readFile);
  if (file === undefined) throw fileError('missing-file', path, 'there is no such file');
  const alerts = 'policy' in paths ? undefined : readText(paths.alerts, readFile);
  return { file, ...(alerts === undefined ? {} : { alerts }), environment: relevantTo(environment) };
}

/** A finding about a whole file, as an error. */
export function fileError(
  code: FindingCode,
  file: string,
  message: string,
  cause?: unknown,
): ConfigurationError {
  const finding: Finding = { severity: 'error', code, file, line: 0, column: 0, path: '', message };
  const error = new ConfigurationError([finding]);
  if (cause !== undefined) error.cause = cause;
  return error;
}

function readText(path: string, readFile: ReadFile): SourceFile | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFile(path, MAX_BYTES);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT') return undefined;
    const why = typeof code === 'string' ? code : 'no regular file';
    throw fileError('unreadable-file', path, `cannot be read (${why})`, cause);
  }
  if (bytes.length > MAX_BYTES) throw fileError('too-large', path, 'expected at most 1 MiB');
  try {
    return { name: path, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw fileError('unreadable-file', path, 'expected UTF-8', cause);
  }
}
