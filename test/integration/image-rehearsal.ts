// Builds the image without Docker: what the Dockerfile copies and runs, in folders; programs run in a root of their own.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

import { type Instruction, parseDockerfile, type Stage } from './dockerfile.js';
import { inRoot, layBase, type RunOptions } from './image-root.js';

const PROJECT = join(import.meta.dirname, '..', '..');
/** Why an image cannot be rehearsed here. */
export function missing(): string | undefined {
  if (process.getuid?.() !== 0) return 'a root of its own takes the rights of root';
  const tried = spawnSync('unshare', ['--mount', 'true']);
  return tried.status === 0 ? undefined : 'unshare --mount does not work here';
}

/** The image as a folder, and its programs. */
export class ImageRehearsal {
  readonly folder: string;
  readonly stages: readonly Stage[];
  readonly #roots = new Map<string, string>();

  private constructor(folder: string, stages: readonly Stage[]) {
    this.folder = folder;
    this.stages = stages;
  }

  /** Follows the Dockerfile, with the files that `docker build .` would send. */
  static build(): ImageRehearsal {
    const folder = mkdtempSync(join(tmpdir(), 'image-'));
    chmodSync(folder, 0o755);
    const context = join(folder, 'context');
    copyContext(context);
    const stages = parseDockerfile(readFileSync(join(context, 'deploy/docker/Dockerfile'), 'utf8'));
    const image = new ImageRehearsal(folder, stages);
    try {
      for (const [index, stage] of stages.entries()) image.#build(stage, index, context);
      return image;
    } catch (error) {
      image.remove();
      throw error;
    }
  }

  get root(): string {
    return this.#rootOf(String(this.stages.length - 1));
  }

  get user(): string {
    return this.#last('user') ?? '0:0';
  }

  /** The image's entry point with these arguments; a root that nobody can write to. */
  start(args: readonly string[], options: RunOptions = {}): ChildProcess {
    const [program = '', ...words] = this.stages.at(-1)?.entrypoint ?? [];
    return this.#spawn(this.root, [program, ...words, ...args], { user: this.user, ...options }, true);
  }

  async run(
    args: readonly string[],
    options: RunOptions = {},
  ): Promise<{ code: number | null; output: string }> {
    return await ended(this.start(args, options));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #build(stage: Stage, index: number, context: string): void {
    const root = join(this.folder, `stage-${index}`);
    mkdirSync(root);
    this.#roots.set(String(index), root);
    if (stage.name !== undefined) this.#roots.set(stage.name, root);
    if (!stage.base.startsWith('node:')) layBase(root);
    const state = { directory: '/', user: '0:0', env: {} as Record<string, string> };
    for (const instruction of stage.instructions) this.#follow(instruction, root, context, state);
  }

  #follow(
    instruction: Instruction,
    root: string,
    context: string,
    state: { directory: string; user: string; env: Record<string, string> },
  ): void {
    switch (instruction.kind) {
      case 'workdir':
        state.directory = resolve(state.directory, instruction.value);
        return void mkdirSync(join(root, state.directory), { recursive: true });
      case 'user':
        return void (state.user = instruction.value);
      case 'env':
        return void (state.env[instruction.name] = instruction.value);
      case 'copy': {
        const from = instruction.from === undefined ? context : this.#rootOf(instruction.from);
        return copy(instruction, from, join(root, resolve(state.directory, instruction.target)));
      }
      case 'shell':
        return runHere(instruction.command, join(root, state.directory));
      case 'exec': {
        const { user, env, directory } = state;
        const command = inRoot(root, instruction.command, { user, env }, false, directory);
        execFileSync(command.file, command.args, {
          stdio: ['ignore', 'ignore', 'inherit'],
          env: command.env,
        });
      }
    }
  }

  #spawn(root: string, words: readonly string[], options: RunOptions, isReadOnly: boolean): ChildProcess {
    const env: Record<string, string> = {};
    for (const instruction of this.stages.at(-1)?.instructions ?? []) {
      if (instruction.kind === 'env') env[instruction.name] = instruction.value;
    }
    const given = { ...options, env: { ...env, ...options.env } };
    const { file, args, env: clean } = inRoot(root, words, given, isReadOnly, this.#last('workdir') ?? '/');
    return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: clean });
  }

  #last(kind: 'user' | 'workdir'): string | undefined {
    const found = this.stages.at(-1)?.instructions.findLast((instruction) => instruction.kind === kind);
    return found !== undefined && 'value' in found ? found.value : undefined;
  }

  #rootOf(stage: string): string {
    const root = this.#roots.get(stage);
    if (root === undefined) throw new Error(`expected a stage of the Dockerfile, got ${stage}`);
    return root;
  }
}

/** All that a program said, and how it ended. */
export async function ended(child: ChildProcess): Promise<{ code: number | null; output: string }> {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => (output += data.toString()));
  }
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, output };
}

/** Tracked and new files, as a checkout has them; `.dockerignore` names nothing of them. */
function copyContext(context: string): void {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: PROJECT,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const file of list.split('\0')) {
    if (file === '' || !existsSync(join(PROJECT, file))) continue;
    mkdirSync(dirname(join(context, file)), { recursive: true });
    copyFileSync(join(PROJECT, file), join(context, file));
  }
}

function copy(
  { owner, sources, target: text }: Extract<Instruction, { kind: 'copy' }>,
  from: string,
  target: string,
): void {
  const isInto = sources.length > 1 || text.endsWith('/');
  for (const source of sources) {
    const path = join(from, source);
    // A folder gives what is in it, a file itself.
    const isFolder = spawnSync('test', ['-d', path]).status === 0;
    const place = isInto && !isFolder ? join(target, basename(source)) : target;
    mkdirSync(isFolder ? place : dirname(place), { recursive: true });
    execFileSync('cp', [
      '-R',
      '--no-target-directory',
      '--preserve=mode,timestamps',
      path,
      place.replace(/\/$/, ''),
    ]);
    execFileSync('chown', ['-R', owner ?? '0:0', place]);
  }
}

/** A command of the stage that has a shell and npm, with this machine's. */
function runHere(command: string, directory: string): void {
  const { PATH, HOME } = process.env;
  const path = `${dirname(process.execPath)}:${PATH ?? ''}`;
  const env = { PATH: path, HOME, npm_config_prefer_offline: 'true', npm_config_loglevel: 'error' };
  // What a compiler does not like it says on its standard output.
  execFileSync('sh', ['-ec', command], { cwd: directory, env, stdio: ['ignore', 2, 2] });
}
