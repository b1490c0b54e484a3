import { type Command, InvalidArgumentError, Option } from 'commander';

import { MANAGEMENT_ADDRESS } from './service-settings.js';

const TIMEOUT_SECONDS = 300;

const BREAK_GLASS_HELP = `
Lets every image pass, in the whole cluster, until then: the API server asks no gateway, so it works while none lives.
The keeper counts it, writes an Event and ends it in time. Without this program:
docs/how-to/break-glass.md has the same as a line for kubectl.
Exit codes: 0 done, 1 the API server did not answer or refused, 2 options are wrong`;

/** The commands that work on a cluster: in a pod by its service account, on a laptop by the kubeconfig. */
export function addClusterCommands(program: Command): void {
  addCluster(program);
  addKeeper(program);
  addBreakGlass(program);
}

function addCluster(program: Command): void {
  const cluster = program.command('cluster').description('prepare, arm, disarm or look at an installation');
  withCluster(cluster.command('prepare'))
    .description('make certificates, keys and Redis users that are not there yet; what is there stays')
    .option(
      '--config <file>',
      'refuse, before anything is changed, a configuration that gateways would not load',
    )
    .action(async (options) => {
      const { clusterPrepare } = await import('./commands/cluster.js');
      await clusterPrepare(options);
    });
  withCluster(cluster.command('arm'))
    .description('apply the webhook configurations as soon as a gateway answers')
    .option('--gateway-url <url>', 'where a gateway is asked (default: the service)')
    .action(async (options) => {
      const { clusterArm } = await import('./commands/cluster.js');
      await clusterArm(options);
    });
  withCluster(cluster.command('disarm'))
    .description('take the webhook configurations away')
    .action(async (options) => {
      const { clusterDisarm } = await import('./commands/cluster.js');
      await clusterDisarm(options);
    });
  withCluster(cluster.command('status'))
    .description('what is on: webhooks, exemptions, certificates, drift, break-glass')
    .action(async (options) => {
      const { printClusterStatus } = await import('./commands/cluster-status.js');
      await printClusterStatus(options);
    });
}

function addKeeper(program: Command): void {
  withCluster(program.command('keeper'))
    .description('look after certificates and webhook configurations of an installation')
    .addOption(
      new Option('--management <host:port>', 'health, readiness and metrics')
        .env('CONNAISSEUR_MANAGEMENT')
        .default(MANAGEMENT_ADDRESS),
    )
    .action(async (options) => {
      const { keeper } = await import('./commands/keeper.js');
      await keeper(options);
    });
}

function addBreakGlass(program: Command): void {
  withConnection(program.command('break-glass'))
    .description('in an emergency: let every image pass for a while')
    .option('--for <duration>', 'how long, for example 30m or 2h; at most 24h')
    .option('--reason <text>', 'why; everybody can read it')
    .option('--end', 'end it now')
    .option('--status', 'say whether it is open')
    .addHelpText('after', BREAK_GLASS_HELP)
    .action(async (options) => {
      const { breakGlass } = await import('./commands/break-glass.js');
      await breakGlass(options);
    });
}

function withCluster(command: Command): Command {
  return withConnection(command)
    .addOption(
      new Option('--settings <file>', 'what the chart says of this installation')
        .env('CONNAISSEUR_CLUSTER_SETTINGS')
        .default('/app/cluster/cluster.yaml'),
    )
    .addOption(
      new Option('--webhooks <file>', 'the two webhook configurations, without a CA bundle')
        .env('CONNAISSEUR_WEBHOOKS')
        .default('/app/cluster/webhooks.yaml'),
    );
}

function withConnection(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'default: the pod’s service account, else KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context in the kubeconfig')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['text', 'json']).default('text'))
    .addOption(
      new Option('--timeout <seconds>', 'how long all of it may take')
        .argParser(parseSeconds)
        .default(TIMEOUT_SECONDS),
    );
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('expected a whole number of seconds from 1 to 3600');
}
