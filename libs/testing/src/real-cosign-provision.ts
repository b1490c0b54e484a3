import { execFile } from 'node:child_process';
import {
  access,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Index and package are about 30 MB. */
const DOWNLOAD_MS = 120_000;
/** A suite that has cosign; it moves, so nobody may expect a certain version. */
const SUITE = 'forky';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRROR = 'http://deb.debian.org/debian';
const NEEDED = ['/usr/bin/apt-get', '/usr/bin/dpkg', KEYRING];

export type Provisioned = { readonly binary: string; readonly from: string } | { readonly reason: string };

/**
 * A cosign that can be run: `CONNAISSEUR_COSIGN`, the path, the cache, or Debian's package unpacked into the cache.
 * Touches nothing of the system.
 */
export async function provisionCosign(env: NodeJS.ProcessEnv = process.env): Promise<Provisioned> {
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'connaisseur-tools');
  const binary = join(cache, 'bin', 'cosign');
  const known = await firstExecutable([
    env['CONNAISSEUR_COSIGN'] ?? '',
    ...(env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'cosign')),
    binary,
  ]);
  if (known !== undefined)
    return { binary: known, from: known === binary ? await packageName(binary) : known };
  if (process.platform !== 'linux')
    return { reason: 'cosign is not on the path, and Debian’s package needs Linux' };
  for (const file of NEEDED) {
    if (!(await isReadable(file)))
      return { reason: `cosign is not on the path, and ${file} is not there to get it` };
  }
  try {
    await unpackPackage(cache, binary);
    return { binary, from: await packageName(binary) };
  } catch (error) {
    return { reason: `cosign cannot be had from Debian: ${firstLine(error)}` };
  }
}

/** Downloads into a folder of its own and moves one finished file, so that two of us at once do no harm. */
async function unpackPackage(cache: string, binary: string): Promise<void> {
  await mkdir(join(cache, 'bin'), { recursive: true });
  const scratch = await mkdtemp(join(cache, 'unpacking-'));
  try {
    await mkdir(join(scratch, 'lists', 'partial'), { recursive: true });
    await mkdir(join(scratch, 'cache', 'archives', 'partial'), { recursive: true });
    await writeFile(join(scratch, 'debian.sources'), await sourcesFile());
    await aptGet(scratch, 'update');
    await aptGet(scratch, 'download', 'cosign');
    const file = (await readdir(scratch)).find((name) => name.endsWith('.deb'));
    if (file === undefined) throw new Error('apt-get downloaded nothing');
    await run('dpkg', ['-x', join(scratch, file), join(scratch, 'root')], { timeout: DOWNLOAD_MS });
    await writeFile(`${binary}.package`, `Debian ${SUITE} ${file}`);
    await rename(join(scratch, 'root', 'usr', 'bin', 'cosign'), binary);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** cosign of Debian does not know its own version; its package does. */
function packageName(binary: string): Promise<string> {
  return readFile(`${binary}.package`, 'utf8');
}

function aptGet(scratch: string, ...args: readonly string[]): Promise<unknown> {
  const options = {
    'Dir::Etc::sourcelist': join(scratch, 'debian.sources'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(scratch, 'lists'),
    'Dir::Cache': join(scratch, 'cache'),
    'Acquire::Languages': 'none',
    'Acquire::Retries': '3',
    // The package manager's own user cannot write into our folder.
    'APT::Sandbox::User': '',
  };
  const flags = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return run('apt-get', [...flags, ...args], { cwd: scratch, timeout: DOWNLOAD_MS });
}

async function sourcesFile(): Promise<string> {
  return `Types: deb\nURIs: ${await mirror()}\nSuites: ${SUITE}\nComponents: main\nSigned-By: ${KEYRING}\n`;
}

/** The mirror that this machine uses already: perhaps the only one that it can reach. */
async function mirror(): Promise<string> {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    names
      .filter((name) => name.endsWith('.sources'))
      .map((name) => readFile(join(folder, name), 'utf8').catch(() => '')),
  );
  return /^URIs:\s*(https?:\/\/\S+\/debian\/?)\s*$/m.exec(texts.join('\n'))?.[1] ?? MIRROR;
}

async function firstExecutable(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) {
    if (file !== '' && (await mayAccess(file, constants.X_OK))) return file;
  }
  return undefined;
}

function isReadable(file: string): Promise<boolean> {
  return mayAccess(file, constants.R_OK);
}

function mayAccess(file: string, mode: number): Promise<boolean> {
  return access(file, mode).then(
    () => true,
    () => false,
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return (text.split('\n').find((line) => line.trim() !== '') ?? 'no reason given').slice(0, 300);
}
