import type { Command } from 'commander';

/** The commands that make what services need before their first start. */
export function addSetupCommands(program: Command): void {
  addKeys(program);
  addSetup(program);
  addRedisAcl(program);
}

function addKeys(program: Command): void {
  program
    .command('keys')
    .description('make the keys of the bus: one folder for each component')
    .argument('<dir>', 'an empty or missing directory')
    .action(async (directory: string) => {
      const { keys } = await import('./commands/keys.js');
      keys(directory);
    });
}

function addSetup(program: Command): void {
  program
    .command('setup')
    .description(
      'make what a first start needs: keys of the bus and a serving certificate; keeps what is there',
    )
    .argument('<dir>', 'where they go: keys/ and certs/')
    .option('--owner <uid:gid>', 'who may read them')
    .option('--name <name...>', 'names beside localhost that the certificate is for', [])
    .action(async (directory: string, options) => {
      const { setup } = await import('./commands/setup.js');
      await setup(directory, options);
    });
}

function addRedisAcl(program: Command): void {
  program
    .command('redis-acl')
    .description('print the users that a Redis of your own needs, as lines of its ACL file')
    .option('--cluster', 'for Redis Cluster')
    .option('--limits', 'instead: what its configuration must say')
    .action(async (options) => {
      const { redisAcl } = await import('./commands/redis-acl.js');
      redisAcl(options);
    });
}
