// What `npm run e2e` runs once everything is built.
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { findPlaneTools, type Minor, MINORS } from '../interop/world/index.js';
import { Cluster } from './cluster.js';
import { type Person, STEPS } from './steps.js';

const HELP = `npm run e2e [-- --keep] [--minor ${MINORS.join('|')}]

Brings up a real Kubernetes control plane on this machine. Connaisseur's pods run on it as processes of this machine, Docker
Hub is a registry of this machine, and all other pods only look as if they ran. Then:
${STEPS.map(({ name }, index) => `  ${index + 1}. ${name}`).join('\n')}
  --keep   stays up afterwards and prints the line that points kubectl at it; Ctrl-C ends it
  --minor  of the API server; ${MINORS[0]} unless told otherwise
The first run builds the control plane: about ten minutes. The tests are: npx vitest run --project e2e
`;

const PERSON: Person = {
  read: (line, answer) => void process.stdout.write(`\n$ ${line}\n${answer.trimEnd()}\n`),
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if ('problem' in options) {
    process.stderr.write(`${options.problem}\n`);
    return 2;
  }
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await using cluster = await timed(`control plane ${options.minor}`, () => Cluster.start(options.minor));
  const ok = await Promise.race([runSteps(cluster), interrupted.then(() => false)]);
  if (options.keep) {
    process.stdout.write(greeting(cluster, options.minor));
    await interrupted;
  }
  return ok ? 0 : 1;
}

function readOptions(
  args: readonly string[],
): 'help' | { readonly keep: boolean; readonly minor: Minor } | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        keep: { type: 'boolean', default: false },
        minor: { type: 'string', default: MINORS[0] ?? '' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const minor = MINORS.find((known) => known === values.minor);
    return minor === undefined
      ? { problem: `--minor: expected ${MINORS.join(' or ')}, got ${values.minor}` }
      : { keep: values.keep, minor };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether all steps went well; what comes after one that did not is not tried. */
async function runSteps(cluster: Cluster): Promise<boolean> {
  for (const step of STEPS) {
    try {
      await timed(step.name, () => step.run(cluster, PERSON));
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      return false;
    }
  }
  return true;
}

async function timed<T>(name: string, action: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const line = (mark: string): void =>
    void process.stdout.write(`${mark} ${name} (${((performance.now() - started) / 1_000).toFixed(1)} s)\n`);
  try {
    const result = await action();
    line('ok  ');
    return result;
  } catch (error) {
    line('FAIL');
    throw error;
  }
}

function greeting({ plane, images }: Cluster, minor: Minor): string {
  const tools = findPlaneTools(minor);
  const programs = 'reason' in tools ? '' : `# kubectl: ${tools.kubectl}\n# helm: ${tools.helm}\n`;
  return `\nexport KUBECONFIG=${plane.kubeconfig}\n${programs}# images: ${['signed', 'unsigned', 'wrong'].map((tag) => images.name(tag)).join(', ')}\n# logs: ${plane.folder}/*.log, ${plane.folder}/pods/*/log; Ctrl-C ends it all\n`;
}
