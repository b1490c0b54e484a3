import { type Command, InvalidArgumentError, Option } from 'commander';

const outputOption = (): Option =>
  new Option('-o, --output <format>', 'how to print the result').choices(['text', 'json']).default('text');

const policyOption = (): Option =>
  new Option('-p, --policy <file>', 'Helm values file or rendered configuration').makeOptionMandatory();

const secretsOption = (): Option =>
  new Option(
    '--secrets <dir>',
    'directory with one folder per secretName (default: your Docker configuration)',
  );

const timeoutOption = (): Option =>
  new Option('--timeout <seconds>', 'time for each image').argParser(parseSeconds).default(30);

const namespaceOption = (): Option =>
  new Option('-n, --namespace <name>', 'the namespace that rules are chosen for').default('default');

/** The commands that judge an image or a configuration and end. */
export function addImageCommands(program: Command): void {
  addVerify(program);
  addExplain(program);
  addLint(program);
}

function addVerify(program: Command): void {
  program
    .command('verify')
    .description('verify images under a policy, as the cluster would')
    .argument('<image...>', 'image references')
    .addOption(policyOption())
    .addOption(namespaceOption())
    .addOption(secretsOption())
    .addOption(outputOption())
    .addOption(timeoutOption())
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (images: string[], options) => {
      const { verify } = await import('./commands/verify.js');
      process.exitCode = await verify(images, options);
    });
}

function addExplain(program: Command): void {
  program
    .command('explain')
    .description('show which rule governs an image and why, and what the verification finds')
    .argument('<image>', 'image reference')
    .addOption(policyOption())
    .addOption(namespaceOption())
    .addOption(secretsOption())
    .addOption(outputOption())
    .addOption(timeoutOption())
    .option('--offline', 'only the choice of the rule; fetch nothing')
    .addHelpText('after', EXIT_CODES_HELP)
    .action(async (image: string, options) => {
      const { explain } = await import('./commands/explain.js');
      process.exitCode = await explain(image, options);
    });
}

function addLint(program: Command): void {
  program
    .command('lint')
    .description('check a configuration: every error and warning with its place')
    .argument('<file>', 'Helm values file or rendered configuration')
    .addOption(outputOption())
    .option('--strict', 'warnings count as errors')
    .option('--secrets <dir>', 'also check that the secrets that are named are there and can be read')
    .option('--templates <dir>', 'alert templates (default: the ones that ship)')
    .addHelpText('after', '\nExit codes: 0 usable, 2 errors (with --strict: or warnings), 1 unexpected fault')
    .action(async (file: string, options) => {
      const { lint } = await import('./commands/lint.js');
      process.exitCode = await lint(file, options);
    });
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 3600)) throw new InvalidArgumentError('Expected seconds, at most 3600.');
  return value;
}

const EXIT_CODES_HELP = `
Exit codes (of the first image that is not admitted):
   0 all admitted       10 no signature         20 refused by a static rule   30 registry credentials
   1 unexpected fault   11 image not found      21 no rule matches            31 registry unreachable
   2 configuration      12 no trusted signature                               32 registry limits us
     or bad reference   13 no log proof                                       33 out of time
                        14 expired trust data
                        15 too few signers`;
