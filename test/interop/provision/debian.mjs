// Debian's archive in two ways: packages of the machine's own release installed, packages of a newer one unpacked beside it.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { tryThrice } from './cache.mjs';
import { command, hopeless, which } from './command.mjs';

/** A release that has what we need; it moves, so versions are printed and not pinned. */
export const SUITE = 'forky';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRROR = 'http://deb.debian.org/debian';
// RUNLEVEL: Debian would start a service that it installs; ours run only as long as we do.
const QUIET = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };

/** Installs packages of the machine's own release; needs root, or sudo without a password. */
export async function aptInstall(packages) {
  if (which('apt-get') === undefined) throw hopeless(`apt-get is not there to install ${packages.join(' ')}`);
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  await tryThrice(async () => {
    try {
      await asRoot(install);
    } catch {
      await asRoot(['update']);
      await asRoot(install);
    }
  });
}

function asRoot(args) {
  if (process.getuid?.() === 0) return command('apt-get', args, { env: QUIET, minutes: 5 });
  const settings = Object.entries(QUIET).map(([name, value]) => `${name}=${value}`);
  return command('sudo', ['-n', 'env', ...settings, 'apt-get', ...args], { minutes: 5 });
}

/** Unpacks one package of the newer release beside the system and keeps these programs of it, and the package's name. */
export async function unpackedFrom(name, programs, { scratch, finished }) {
  const [file] = await unpackBeside([name], scratch);
  for (const program of programs)
    copyFileSync(join(scratch, 'root', 'usr', 'bin', program), join(finished, program));
  writeFileSync(join(finished, 'package'), `Debian ${SUITE} ${file}`);
}

/** Downloads packages of the newer release and unpacks them into `scratch/root`; touches nothing of the system. */
async function unpackBeside(packages, scratch) {
  for (const file of [which('apt-get') ?? 'apt-get', which('dpkg') ?? 'dpkg', KEYRING])
    if (!existsSync(file))
      throw hopeless(`${file} is not there to get ${packages.join(' ')} of Debian ${SUITE}`);
  for (const folder of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(scratch, folder), { recursive: true });
  writeFileSync(join(scratch, 'debian.sources'), sourcesFile());
  await aptGet(scratch, ['update']);
  await aptGet(scratch, ['download', ...packages]);
  const files = readdirSync(scratch).filter((name) => name.endsWith('.deb'));
  for (const file of files)
    await command('dpkg', ['-x', join(scratch, file), join(scratch, 'root')], { minutes: 2 });
  return files;
}

function aptGet(scratch, args) {
  const options = {
    'Dir::Etc::sourcelist': join(scratch, 'debian.sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(scratch, 'lists'),
    'Dir::Cache': join(scratch, 'cache'),
    // What is installed here must not stand in for what we ask for.
    'Dir::State::status': '/dev/null',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // The package manager's own user cannot write into our folder.
    'APT::Sandbox::User': '',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return command('apt-get', [...flags, ...args], { cwd: scratch, minutes: 4 });
}

function sourcesFile() {
  return `Types: deb\nURIs: ${mirror()}\nSuites: ${SUITE}\nComponents: main\nSigned-By: ${KEYRING}\n`;
}

/** The mirror that this machine uses already: perhaps the only one that it can reach. */
function mirror() {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sources')) : [];
  const texts = names.map((name) => readFileSync(join(folder, name), 'utf8'));
  return /^URIs:\s*(https?:\/\/\S+\/debian\/?)\s*$/m.exec(texts.join('\n'))?.[1] ?? MIRROR;
}
