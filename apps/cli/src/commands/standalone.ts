import { fileURLToPath } from 'node:url';

import { createLogger, type Logger } from '#observability';
import { loadConfiguration } from '#config';
import { startStandalone } from '#standalone';

import { dockerConfigText, policySource } from '../policy-file.js';
import { parseAddress } from '../service-settings.js';
import { untilTold } from '../until-told.js';

export interface StandaloneCommandOptions {
  readonly policy?: string;
  readonly demo: boolean;
  readonly once: boolean;
  readonly listen: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly redisUrl?: string;
  readonly management?: string;
  readonly secrets?: string;
  readonly templates?: string;
}

/** The templates that ship: beside the sources in a checkout, and at the same depth in `dist/` and in the image. */
const SHIPPED_TEMPLATES = fileURLToPath(new URL('../../../../../deploy/alert-templates', import.meta.url));

/** `connaisseur standalone`: prints `ready https://HOST:PORT` on stdout once both webhooks answer. */
export async function standalone(options: StandaloneCommandOptions): Promise<void> {
  if (options.demo) {
    const { runDemo } = await import('#demo');
    await runDemo({ once: options.once, listen: parseAddress(options.listen), untilTold });
    return;
  }
  if (options.policy === undefined) throw new Error('give a configuration with -p FILE, or --demo');
  if ((options.tlsCert === undefined) !== (options.tlsKey === undefined)) {
    throw new Error('--tls-cert and --tls-key go together');
  }
  const logs = logsFor(options.policy);
  const running = await startStandalone({
    policy: options.policy,
    listen: parseAddress(options.listen),
    management: options.management === undefined ? undefined : parseAddress(options.management),
    tls:
      options.tlsCert === undefined || options.tlsKey === undefined
        ? undefined
        : { cert: options.tlsCert, key: options.tlsKey },
    redisUrl: options.redisUrl ?? process.env['REDIS_URL'],
    secretsDirectory: options.secrets,
    dockerConfig: options.secrets === undefined ? dockerConfigText() : undefined,
    templatesDirectory: options.templates ?? SHIPPED_TEMPLATES,
    log: logs,
  });
  if (running.caFile !== undefined) process.stderr.write(`certificate authority: ${running.caFile}\n`);
  process.stderr.write(`watch decisions: ${watchLine(running)}\n`);
  process.stdout.write(`ready ${running.url}\n`);
  await untilTold(() => running.close());
}

/** The command that shows this instance's decisions. */
export function watchLine({ redisUrl, keysDirectory }: { redisUrl: string; keysDirectory: string }): string {
  return `connaisseur watch --redis-url ${redisUrl} --keys ${keysDirectory} --cluster-id standalone`;
}

/** Logs as the configuration says; throws ConfigurationError before anything is started. */
function logsFor(policy: string): (service: string) => Logger {
  const { log } = loadConfiguration(policySource(policy));
  const format = process.stderr.isTTY ? 'text' : log.format;
  return (service) => createLogger({ ...log, format, service });
}
