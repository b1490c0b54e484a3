// Programs of Go modules, built by the machine's Go: nothing else is published anywhere that we may depend on.
import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { command, hopeless, which } from './command.mjs';

const BUILD_MINUTES = 45;
/** No C compiler is needed, and paths of the builder do not get into the binary. */
const STATIC = { CGO_ENABLED: '0' };

/** Runs `go` (`CONNAISSEUR_GO`, else of PATH, else where its installer puts it), or says what is missing. */
export function go(args, { cwd, env = {} }) {
  const program = process.env.CONNAISSEUR_GO ?? which('go', ['/usr/local/go/bin']);
  if (program === undefined || which(basename(program), [dirname(program)]) === undefined)
    throw hopeless('Go 1.26 or newer was not found: install it from https://go.dev/dl and run this again');
  return command(program, args, { cwd, env: { ...STATIC, ...env }, minutes: BUILD_MINUTES });
}

/** `go install` of one package at one version into the finished folder. */
export async function goInstall({ source, version, scratch, finished }) {
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  await go(['install', '-trimpath', '-ldflags', '-s -w', `${source}@${version}`], {
    cwd: scratch,
    env: { GOBIN: bin },
  });
  renameSync(join(bin, basename(source)), join(finished, basename(source)));
}

/** Where the sources of a module lie, downloaded if need be. */
export async function goModule(module, version, scratch) {
  const answer = JSON.parse(await go(['mod', 'download', '-json', `${module}@${version}`], { cwd: scratch }));
  return { folder: answer.Dir, goMod: answer.GoMod };
}

/** Copies files that a program needs beside itself out of its module. */
export async function copyOfModule({ module, version, scratch, from, to }) {
  const { folder } = await goModule(module, version, scratch);
  for (const path of from) cpSync(join(folder, path), join(to, path), { recursive: true });
}
