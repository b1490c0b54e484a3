import { EXIT_CONFIGURATION, EXIT_FAULT } from './exit-code.js';
import { UsageError } from './usage-error.js';

/** How long what is still open may keep a failed process, ms. */
const LINGER_MS = 500;

/** Says what went wrong, in one line or with every finding of a configuration, and ends the process with its exit code. */
export async function failed(error: unknown): Promise<void> {
  if (error instanceof Error && error.name === 'ConfigurationError') {
    const { printFindings } = await import('./print-findings.js');
    const { ConfigurationError } = await import('#config');
    if (error instanceof ConfigurationError) printFindings(error.findings, process.stderr);
    process.exitCode = EXIT_CONFIGURATION;
  } else {
    process.stderr.write(`connaisseur: ${sentenceFor(error)}\n`);
    process.exitCode = isSetup(error) ? EXIT_CONFIGURATION : EXIT_FAULT;
  }
  if (process.connected) process.disconnect();
  // A service that could not start may have left connections open. Unreferenced, so that nothing waits for it alone.
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** Errors of what the user gave: options, addresses, record ids, keys. */
const SETUP_ERRORS: ReadonlySet<string> = new Set([
  UsageError.NAME,
  'BusKeyError',
  'InstallationError',
  'RecordIdError',
  'RedisSetupError',
]);

function isSetup(error: unknown): boolean {
  return error instanceof Error && SETUP_ERRORS.has(error.name);
}

function sentenceFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, address, port, path } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const place = address === undefined ? (path ?? '') : `${address}:${String(port)}`;
  if (code === 'ENOENT' && path !== undefined) return `there is no ${path}`;
  return (SENTENCES.get(code ?? '') ?? (() => error.message))(place);
}

const SENTENCES: ReadonlyMap<string, (place: string) => string> = new Map([
  [
    'EADDRINUSE',
    (place: string) =>
      `${place} is in use by another program; give another address (port 0 takes a free one)`,
  ],
  ['EADDRNOTAVAIL', (place: string) => `${place} is not an address of this machine`],
  ['EACCES', (place: string) => `no permission for ${place}`],
]);
