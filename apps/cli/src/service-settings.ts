import { hostname } from 'node:os';

import { Option } from 'commander';

import { UsageError } from './usage-error.js';

/** Where upstream's chart mounts things; each place has a flag and an environment variable. */
const PLACES = {
  config: ['--config <file>', 'CONNAISSEUR_CONFIG', '/app/config/config.yaml', 'policy and validators'],
  alerts: ['--alerts <dir>', 'CONNAISSEUR_ALERTS', '/app/alerts', 'alert configuration and templates'],
  secrets: ['--secrets <dir>', 'CONNAISSEUR_SECRETS', '/app/secrets', 'one folder per secretName'],
  certs: ['--certs <dir>', 'CONNAISSEUR_CERTS', '/app/certs', 'tls.crt and tls.key of the webhook'],
  redisCerts: ['--redis-certs <dir>', 'CONNAISSEUR_REDIS_CERTS', '/app/redis-certs', 'CA of Redis (tls.crt)'],
  keys: ['--keys <dir>', 'CONNAISSEUR_KEYS', '/app/keys', 'keys of the bus'],
} as const;

export type Place = keyof typeof PLACES;

/** The flag of a mounted place with its default. */
export function placeOption(place: Place): Option {
  const [flag, variable, fallback, what] = PLACES[place];
  return new Option(flag, what).env(variable).default(fallback);
}

/** Name of this process in messages: the pod's, as upstream's `POD_NAME`, else the host's. */
export function processName(environment: NodeJS.ProcessEnv): string {
  return (
    (environment['POD_NAME'] ?? hostname()).replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 100) || 'connaisseur'
  );
}

/** What is in flight needs the rest of the 25 seconds after which a process that was told to stop is ended. */
const MAX_DRAIN_SECONDS = 15;

/** Whole seconds as milliseconds. Throws UsageError for anything else. */
export function drainMilliseconds(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) > MAX_DRAIN_SECONDS) {
    throw new UsageError(
      `--drain takes whole seconds from 0 to ${MAX_DRAIN_SECONDS}, got ${JSON.stringify(text)}`,
    );
  }
  return Number(text) * 1000;
}

/** Where health, readiness and metrics are, unless told otherwise. */
export const MANAGEMENT_ADDRESS = '0.0.0.0:5080';
