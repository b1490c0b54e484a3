import type { Features, LogConfig } from './configuration.js';
import type { Finding } from './finding.js';
import { LogFormatSchema, LogLevelSchema } from './schema/values.js';

/** What the process was started with. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Connaisseur's variables. */
export const ENVIRONMENT_VARIABLES = [
  'AUTOMATIC_CHILD_APPROVAL',
  'AUTOMATIC_UNCHANGED_APPROVAL',
  'DETECTION_MODE',
  'RESOURCE_VALIDATION_MODE',
  'CACHE_EXPIRY_SECONDS',
  'CACHE_ERRORS',
  'LOG_LEVEL',
  'LOG_FORMAT',
] as const;

type Variable = (typeof ENVIRONMENT_VARIABLES)[number];

/** Only the variables that are read here: a process has secrets in the others. */
export function relevantTo(environment: Environment): Environment {
  return Object.fromEntries(ENVIRONMENT_VARIABLES.map((name) => [name, environment[name]]));
}

/** The settings that Connaisseur's variables carry; absent where a variable is not set or empty. */
export interface EnvironmentSettings {
  readonly features: Partial<Omit<Features, 'cache'>>;
  readonly cache: Partial<Features['cache']>;
  readonly log: { readonly level?: LogConfig['level']; readonly format?: 'json' | 'json-pretty' | 'text' };
}

/** Go's words for true and false (strconv.ParseBool), which Connaisseur reads. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false] as const),
]);

/** Reads Connaisseur's variables. A value that cannot be read is an error and never a default. */
export function readEnvironment(environment: Environment, findings: Finding[]): EnvironmentSettings {
  const read = <Value>(
    name: Variable,
    parse: (text: string) => Value | undefined,
    expected: string,
  ): Value | undefined => {
    const text = environment[name];
    if (text === undefined || text === '') return undefined;
    const value = parse(text);
    if (value === undefined) findings.push(unreadable(name, expected, text));
    return value;
  };
  const bool = (name: Variable): boolean | undefined =>
    read(name, (text) => BOOLEANS.get(text), 'true or false');
  return {
    features: present({
      automaticChildApproval: bool('AUTOMATIC_CHILD_APPROVAL'),
      automaticUnchangedApproval: bool('AUTOMATIC_UNCHANGED_APPROVAL'),
      detectionMode: bool('DETECTION_MODE'),
      resourceValidationMode: read(
        'RESOURCE_VALIDATION_MODE',
        parseResourceValidationMode,
        'all or podsOnly',
      ),
    }),
    cache: present({
      expirySeconds: read('CACHE_EXPIRY_SECONDS', parseWholeNumber, 'a whole number'),
      cacheErrors: bool('CACHE_ERRORS'),
    }),
    log: present({
      level: read(
        'LOG_LEVEL',
        (text) => LogLevelSchema.safeParse(text).data,
        'debug, info, warn, error or fatal',
      ),
      format: read('LOG_FORMAT', (text) => LogFormatSchema.safeParse(text).data, 'json, json-pretty or text'),
    }),
  };
}

function parseResourceValidationMode(text: string): Features['resourceValidationMode'] | undefined {
  const modes = ['all', 'podsOnly'] as const;
  return modes.find((mode) => mode.toLowerCase() === text.toLowerCase());
}

function parseWholeNumber(text: string): number | undefined {
  const value = Number(text);
  return /^[+-]?[0-9]+$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

type Present<Settings> = { [Key in keyof Settings]?: Exclude<Settings[Key], undefined> };

function present<Settings extends object>(settings: Settings): Present<Settings> {
  // Only entries without a value are taken out, which is what the type says.
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Present<Settings>;
}

function unreadable(name: string, expected: string, text: string): Finding {
  const message = `expected ${expected}, got ${JSON.stringify(text.slice(0, 40))}`;
  return {
    severity: 'error',
    code: 'environment',
    file: 'environment',
    line: 0,
    column: 0,
    path: name,
    message,
  };
}
