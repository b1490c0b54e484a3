import { loadConfiguration } from '#config';
import { createLogger, type Logger } from '#observability';

import { parseAddress } from '../address.js';
import { dockerConfigText } from '../policy-file.js';
import { policySource } from '../policy-source.js';
import { redisSettingsIfGiven } from '../redis-settings.js';
import { SHIPPED_TEMPLATES } from '../shipped-templates.js';
import { type Running, runUntilTold } from '../until-told.js';
import { UsageError } from '../usage-error.js';
import { PROGRAM, watchLine } from '../watch-line.js';

export interface StandaloneCommandOptions {
  readonly policy?: string;
  readonly demo?: boolean;
  readonly once?: boolean;
  readonly listen: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly redisUrl?: string;
  readonly management?: string;
  readonly secrets?: string;
  readonly templates?: string;
}

/** `connaisseur standalone`: prints `ready https://HOST:PORT` on stdout once both webhooks answer. */
export async function standalone(options: StandaloneCommandOptions): Promise<void> {
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    throw new UsageError(
      '--tls-cert and --tls-key go together: give both, or neither for a certificate of our own',
    );
  }
  const { demo = false, once = false, policy } = options;
  if (once && !demo) throw new UsageError('--once goes with --demo');
  if (demo === (policy !== undefined)) throw new UsageError('give a configuration with -p FILE, or --demo');
  // Before a framework is loaded.
  commonParts(options);
  await runUntilTold(async (told) =>
    policy === undefined ? await startDemo(options, told) : await startWith(policy, options),
  );
}

async function startDemo(options: StandaloneCommandOptions, told: AbortSignal): Promise<Running> {
  const { startDemo: start } = await import('#demo');
  // A Redis that happens to be in the environment is not ours to write a demo into.
  const redis = options.redisUrl === undefined ? undefined : redisSettingsIfGiven(options);
  const { once = false } = options;
  return await start(
    { ...commonParts(options), redis, once, templates: SHIPPED_TEMPLATES, program: PROGRAM },
    told,
  );
}

async function startWith(policy: string, options: StandaloneCommandOptions): Promise<Running> {
  const { startStandalone } = await import('#standalone');
  const { tlsCert: cert, tlsKey: key, secrets } = options;
  const running = await startStandalone({
    ...commonParts(options),
    policy,
    redis: redisSettingsIfGiven(options),
    tls: cert === undefined || key === undefined ? undefined : { cert, key },
    secretsDirectory: secrets,
    dockerConfig: secrets === undefined ? dockerConfigText() : undefined,
    templatesDirectory: options.templates ?? SHIPPED_TEMPLATES,
    log: logsFor(policy),
  });
  const notes = [
    ...(running.caFile === undefined ? [] : [`certificate authority: ${running.caFile}`]),
    `watch decisions: ${watchLine(running)}`,
  ];
  process.stderr.write(`${notes.join('\n')}\n`);
  process.stdout.write(`ready ${running.url}\n`);
  return running;
}

/** What does not depend on where the policy comes from. */
function commonParts(options: StandaloneCommandOptions) {
  const { management } = options;
  return {
    listen: parseAddress(options.listen),
    management: management === undefined ? undefined : parseAddress(management),
  };
}

/** Logs as the configuration says; throws ConfigurationError before anything is started. */
function logsFor(policy: string): (service: string) => Logger {
  const { log } = loadConfiguration(policySource(policy));
  const format = process.stderr.isTTY ? 'text' : log.format;
  return (service) => createLogger({ ...log, format, service });
}
