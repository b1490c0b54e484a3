// Gets the real programs that the tests of a cluster run against. `node test/interop/provision.mjs --help` says more.
// Needs Node 20, and of the machine only Go, apt and the network; no packages of npm.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { cacheFolder, installOnce, toolFolder } from './provision/cache.mjs';
import { isThere, TOOLS } from './provision/tools.mjs';

const HELP = `node test/interop/provision.mjs [--only NAME,…] [--list]

Builds, unpacks or installs what is missing, each at most once, and prints what each took.
  --only NAME,…  these alone: ${[...new Set(TOOLS.map(({ name }) => name))].join(', ')}
  --list         what is there and where; changes nothing
Finished programs lie in ${cacheFolder()} (CONNAISSEUR_TOOLS moves it).
The first run builds a Kubernetes control plane: about ten minutes on two cores, and 8 GB in Go's caches.
Exit code: 0 all there, 1 something could not be had, 2 wrong arguments.
`;

process.exitCode = await main();

async function main() {
  const options = read(process.argv.slice(2));
  if (options === undefined) return 2;
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.list) {
    for (const tool of options.tools) row(tool, isThere(tool) ? 'have' : 'missing', undefined);
    return 0;
  }
  // Whoever works on this machine comes first.
  setPriority(10);
  const failures = [];
  for (const tool of options.tools) failures.push(...(await provide(tool)));
  if (failures.length > 0) process.stderr.write(`could not be had: ${failures.join(', ')}\n`);
  return failures.length > 0 ? 1 : 0;
}

function read(args) {
  try {
    const { values } = parseArgs({
      args,
      options: { only: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    const only = values.only?.split(',').filter((name) => name !== '');
    const unknown = only?.find((name) => !TOOLS.some((tool) => tool.name === name));
    if (unknown !== undefined) throw new Error(`there is no tool ${unknown}; --help names them`);
    return { ...values, tools: TOOLS.filter(({ name }) => only?.includes(name) ?? true) };
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

/** Makes one tool usable and prints its row; the name in a list when that cannot be done. */
async function provide(tool) {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  try {
    const result = isThere(tool) ? 'have' : await make(tool);
    row(tool, result, seconds());
    return [];
  } catch (error) {
    row(tool, 'FAILED', seconds());
    process.stderr.write(`  ${error.message}\n`);
    return [`${tool.name} ${tool.version}`];
  }
}

async function make(tool) {
  if (tool.install !== undefined) await tool.install();
  else {
    // A folder without its files is of an older layout or was tampered with.
    if (existsSync(toolFolder(tool)) && !isThere(tool)) rmSync(toolFolder(tool), { recursive: true });
    if ((await installOnce(tool, tool.make)) === 'have') return 'have';
  }
  if (!isThere(tool)) throw new Error(`${tool.name} was ${tool.verb} and is not there`);
  return tool.verb;
}

function row(tool, result, seconds) {
  const time = seconds === undefined ? '' : `${seconds.toFixed(1)} s`;
  const place = tool.install === undefined ? toolFolder(tool) : 'on PATH';
  const package_ = join(toolFolder(tool), 'package');
  const from = existsSync(package_) ? ` (${readFileSync(package_, 'utf8')})` : '';
  process.stdout.write(
    `${tool.name.padEnd(24)} ${tool.version.padEnd(8)} ${result.padEnd(9)} ${time.padStart(8)}  ${place}${from}\n`,
  );
}
