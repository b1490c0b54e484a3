import { type Command, Option } from 'commander';

import { placeOption } from './service-settings.js';

/** The commands for operators of notary servers. */
export function addNotaryCommands(program: Command): void {
  const notary = program.command('notary').description('what verifiers remember of notary servers');
  withMemory(notary.command('reset'))
    .description(
      'accept older trust data of a collection again, once: after it was rightly restored from a backup',
    )
    .argument('<collection>', 'repository, such as docker.io/acme/app')
    .option('--server <url>', 'notary server (default: all of the configuration)')
    .option('--reason <text>', 'why; kept with the signed note of the reset')
    .addOption(placeOption('config'))
    .addHelpText(
      'after',
      '\nRun it where a verifier’s keys are: kubectl exec deploy/connaisseur-verifier -- connaisseur notary reset …',
    )
    .action(async (collection: string, options) => {
      const { notaryReset } = await import('./commands/notary.js');
      await notaryReset(collection, options);
    });
  withMemory(notary.command('resets'))
    .description('who reset what, when and why: the newest hundred signed notes')
    .addOption(new Option('-o, --output <format>').choices(['text', 'json']).default('text'))
    .action(async (options) => {
      const { notaryResets } = await import('./commands/notary.js');
      await notaryResets(options);
    });
}

/** Options that say where verifiers keep what they remember. */
function withMemory(command: Command): Command {
  return command
    .addOption(placeOption('keys'))
    .addOption(placeOption('redisCerts'))
    .addOption(
      new Option('--redis-url <url>', 'Redis (default: REDIS_URL, else REDIS_HOST and REDIS_PASSWORD)'),
    )
    .addOption(
      new Option('--redis-url-file <file>', 'a file with that URL').env('CONNAISSEUR_REDIS_URL_FILE'),
    )
    .addOption(new Option('--cluster-id <id>', 'as the verifiers have it').env('CONNAISSEUR_CLUSTER_ID'));
}
