import { Command } from 'commander';

import { addImageCommands } from './image-commands.js';
import { failed } from './failed.js';
import { addClusterCommands } from './cluster-commands.js';
import { addNotaryCommands } from './notary-commands.js';
import { addServiceCommands } from './service-commands.js';
import { addSetupCommands } from './setup-commands.js';
import { EXIT_CONFIGURATION } from './exit-code.js';
import { VERSION } from './package-root.js';

// Each command loads what it needs when it runs: `--help` and `lint` do not wait for a framework.

// `watch | head` is done when its reader is.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});

const program = new Command('connaisseur')
  .description('Lets an image run only when somebody you trust has signed exactly that image.')
  .version(VERSION)
  .configureHelp({ showGlobalOptions: false })
  .showHelpAfterError('(connaisseur --help tells more)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_CONFIGURATION));

addImageCommands(program);
addServiceCommands(program);
addSetupCommands(program);
addClusterCommands(program);
addNotaryCommands(program);
// Commander copies these settings to commands when they are added by `command()`, and the hint names the command.
for (const command of program.commands) {
  command.showHelpAfterError(`(connaisseur ${command.name()} --help tells more)`);
}

try {
  await program.parseAsync();
} catch (error) {
  await failed(error);
}
