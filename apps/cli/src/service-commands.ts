import { type Command, Option } from 'commander';

import { MANAGEMENT_ADDRESS, type Place, placeOption } from './service-settings.js';

const listenOption = (): Option =>
  new Option('--listen <host:port>', 'where the webhooks answer')
    .env('CONNAISSEUR_LISTEN')
    .default('0.0.0.0:5000');

const managementOption = (fallback?: string): Option => {
  const option = new Option('--management <host:port>', 'health, readiness and metrics').env(
    'CONNAISSEUR_MANAGEMENT',
  );
  return fallback === undefined ? option : option.default(fallback);
};

const redisOption = (otherwise = ''): Option =>
  new Option(
    '--redis-url <url>',
    `redis://, rediss://, unix:///path, redis+sentinel://, redis+cluster:// (default: REDIS_URL, else REDIS_HOST and REDIS_PASSWORD${otherwise})`,
  );

const redisUrlFileOption = (): Option =>
  new Option(
    '--redis-url-file <file>',
    'a file with that URL, and the CA in ca.crt beside it (default: /app/redis/url where it exists)',
  ).env('CONNAISSEUR_REDIS_URL_FILE');

const kubeconfigOption = (): Option =>
  new Option('--kubeconfig <file>', 'way to the API server (default: the service account of the pod)').env(
    'CONNAISSEUR_KUBECONFIG',
  );

const clusterOption = (): Option =>
  new Option(
    '--cluster-id <id>',
    'UID of kube-system, or a name for this cluster (default: the file cluster-id in --keys, else "default")',
  ).env('CONNAISSEUR_CLUSTER_ID');

const STANDALONE_HELP = `
Prints "ready https://HOST:PORT" on stdout once both webhooks answer; logs go to stderr. SIGTERM and Ctrl-C stop it in order.
A changed policy takes effect at once; an invalid one is reported and the last good one stays.
Exit codes: 0 stopped when told to, 1 could not start, 2 options or configuration are wrong`;

/** The commands that run until they are told to stop. */
export function addServiceCommands(program: Command): void {
  addStandalone(program);
  addGateway(program);
  addVerifier(program);
  addAlerting(program);
  addWatch(program);
}

function addStandalone(program: Command): void {
  program
    .command('standalone')
    .description('gateway, verifier and alerting in one process, for a laptop or a test')
    .option('-p, --policy <file>', 'Helm values file or rendered configuration')
    .option(
      '--demo',
      'instead of a policy: a registry with signed and unsigned images, a receiver, and reviews to try',
    )
    .option('--once', 'with --demo: show it and stop')
    .addOption(listenOption().default('127.0.0.1:5000'))
    .option('--tls-cert <file>', 'serving certificate, PEM (default: one made in memory)')
    .option('--tls-key <file>', 'its key, PEM')
    .addOption(redisOption(', else a private redis-server'))
    .addOption(managementOption())
    .option(
      '--secrets <dir>',
      'directory with one folder per secretName (default: your Docker configuration)',
    )
    .option('--templates <dir>', 'alert templates (default: the ones that ship)')
    .addHelpText('after', STANDALONE_HELP)
    .action(async (options) => {
      const { standalone } = await import('./commands/standalone.js');
      await standalone(options);
    });
}

function addGateway(program: Command): void {
  const command = program
    .command('gateway')
    .description('answer admission reviews')
    .addOption(listenOption())
    .addOption(managementOption(MANAGEMENT_ADDRESS));
  addServiceOptions(command, ['config', 'alerts', 'secrets', 'certs'])
    .addOption(
      new Option('--journal <dir>', 'where decisions wait while Redis is down')
        .env('CONNAISSEUR_JOURNAL')
        .default('/app/journal'),
    )
    .addOption(
      new Option('--drain <seconds>', 'how long to serve on, unready, when told to stop')
        .env('CONNAISSEUR_DRAIN')
        .default('0'),
    )
    .addOption(kubeconfigOption())
    .action(async (options) => {
      const { gateway } = await import('./commands/services.js');
      await gateway(options);
    });
}

function addVerifier(program: Command): void {
  const command = program
    .command('verifier')
    .description('verify images for gateways')
    .addOption(managementOption(MANAGEMENT_ADDRESS));
  addServiceOptions(command, ['config', 'alerts', 'secrets']).action(async (options) => {
    const { verifier } = await import('./commands/services.js');
    await verifier(options);
  });
}

function addAlerting(program: Command): void {
  const command = program
    .command('alerting')
    .description('deliver alerts about decisions')
    .addOption(managementOption(MANAGEMENT_ADDRESS));
  addServiceOptions(command, ['config', 'alerts'])
    .addOption(kubeconfigOption())
    .action(async (options) => {
      const { alerting } = await import('./commands/services.js');
      await alerting(options);
    });
}

function addWatch(program: Command): void {
  const command = program
    .command('watch')
    .description('show decisions as they are made')
    .option('--deny', 'only denials')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .option('--after <id>', 'start after this record instead of now');
  addServiceOptions(command, []).action(async (options) => {
    const { watch } = await import('./commands/watch.js');
    await watch(options);
  });
}

/** What all services need, the way to Redis and the keys of the bus, after the other places of this one. */
function addServiceOptions(command: Command, places: readonly Place[]): Command {
  for (const place of [...places, 'keys', 'redisCerts'] as const) command.addOption(placeOption(place));
  return command.addOption(redisOption()).addOption(redisUrlFileOption()).addOption(clusterOption());
}
