import { InvalidArgumentError, Option, program } from 'commander';

import { ConfigurationError, formatFindings } from '#config';

import { EXIT_CONFIGURATION, EXIT_FAULT } from './exit-code.js';
import { addServiceCommands } from './service-commands.js';
import { VERSION } from './version.js';

// Each command loads what it needs when it runs: `--help` and `lint` do not wait for a framework.

const outputOption = (): Option =>
  new Option('-o, --output <format>', 'how to print the result').choices(['text', 'json']).default('text');

const secretsOption = (): Option =>
  new Option(
    '--secrets <dir>',
    'directory with one folder per secretName (default: your Docker configuration)',
  );

const timeoutOption = (): Option =>
  new Option('--timeout <seconds>', 'time for each image').argParser(parsePositive).default(30);

program
  .name('connaisseur')
  .description('Lets an image run only when somebody you trust has signed exactly that image.')
  .version(VERSION)
  .showHelpAfterError('(connaisseur --help tells more)')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_CONFIGURATION));

program
  .command('verify')
  .description('verify images under a policy, as the cluster would')
  .argument('<image...>', 'image references')
  .requiredOption('-p, --policy <file>', 'Helm values file or rendered configuration')
  .addOption(secretsOption())
  .addOption(outputOption())
  .addOption(timeoutOption())
  .addHelpText('after', VERIFY_EXIT_CODES())
  .action(async (images: string[], options) => {
    const { verify } = await import('./commands/verify.js');
    process.exitCode = await verify(images, options);
  });

program
  .command('explain')
  .description('show which rule governs an image and why, and what the verification finds')
  .argument('<image>', 'image reference')
  .requiredOption('-p, --policy <file>', 'Helm values file or rendered configuration')
  .addOption(secretsOption())
  .addOption(outputOption())
  .addOption(timeoutOption())
  .option('--offline', 'only the choice of the rule; fetch nothing', false)
  .action(async (image: string, options) => {
    const { explain } = await import('./commands/explain.js');
    process.exitCode = await explain(image, options);
  });

program
  .command('lint')
  .description('check a configuration: every error and warning with its place')
  .argument('<file>', 'Helm values file or rendered configuration')
  .addOption(outputOption())
  .option('--strict', 'warnings count as errors', false)
  .action(async (file: string, options) => {
    const { lint } = await import('./commands/lint.js');
    process.exitCode = lint(file, options);
  });

addServiceCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof ConfigurationError) {
    process.stderr.write(`${formatFindings(error.findings)}\n`);
    process.exitCode = EXIT_CONFIGURATION;
  } else {
    process.stderr.write(`connaisseur: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = EXIT_FAULT;
  }
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 3600)
    throw new InvalidArgumentError('expected seconds, 1 to 3600');
  return value;
}

function VERIFY_EXIT_CODES(): string {
  return `
Exit codes (of the first image that is not admitted):
   0 all admitted       10 no signature         20 refused by a static rule   30 registry credentials
   1 unexpected fault   11 image not found      21 no rule matches            31 registry unreachable
   2 configuration      12 no trusted signature 14 expired trust data         32 registry limits us
                        13 no log proof         15 too few signers            33 out of time`;
}
