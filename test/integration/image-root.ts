// A root like that of a container: what the base image has, its own mounts, no shell.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where the base has Node. */
const NODE = '/nodejs/bin/node';
/** Shared libraries that gcr.io/distroless/nodejs has, by Debian's packages libc6, libstdc++6 and libgcc-s1. */
export const BASE_LIBRARIES =
  /^(?:libc|libm|libdl|libpthread|libstdc\+\+|libgcc_s|ld-linux-[a-z0-9-]+)\.so\.\d+$/;

export interface RunOptions {
  /** `uid:gid`; the image's where it is absent. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Folders and files of this machine, by their place in the image. */
  readonly mounts?: Readonly<Record<string, { readonly source: string; readonly isReadOnly: boolean }>>;
  /** Folders that are empty and writable. */
  readonly empty?: readonly string[];
}

/** What the distroless base has: Node and its libraries, two users by name, certificates, an empty /tmp. */
export function layBase(root: string): void {
  for (const name of ['nodejs/bin', 'etc/ssl/certs', 'tmp', 'proc', 'dev'])
    mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(realpathSync(process.execPath), join(root, NODE));
  for (const path of libraries()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    copyFileSync(realpathSync(path), join(root, path));
  }
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  );
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(certificates)) copyFileSync(realpathSync(certificates), join(root, certificates));
}

/** Files that Node is linked with. */
export function libraries(): readonly string[] {
  const text = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  return [...text.matchAll(/(\/\S+)(?= \()/g)].map(([path]) => path);
}

/** The command that runs `words` as `user` with `root` as its root, in which nothing can be written but mounts. */
export function inRoot(
  root: string,
  words: readonly string[],
  { user = '0:0', env = {}, mounts = {}, empty = [] }: RunOptions,
  isReadOnly: boolean,
  directory: string,
): { file: string; args: string[]; env: NodeJS.ProcessEnv } {
  for (const place of [...Object.keys(mounts), ...empty]) {
    const source = mounts[place]?.source;
    if (source !== undefined && spawnSync('test', ['-f', source]).status === 0) {
      mkdirSync(dirname(join(root, place)), { recursive: true });
      writeFileSync(join(root, place), '');
    } else mkdirSync(join(root, place), { recursive: true });
  }
  const [owner = '0', group = '0'] = user.split(':');
  const lines = [
    `mount --bind ${root} ${root}`,
    isReadOnly ? `mount -o remount,bind,ro ${root}` : '',
    `mount --rbind /dev ${root}/dev`,
    `mount -t proc proc ${root}/proc`,
    ...Object.entries(mounts).flatMap(([place, { source, isReadOnly: isFixed }]) => [
      `{ [ -e ${root}${place} ] || mkdir ${root}${place}; }`,
      `mount --bind ${source} ${root}${place}`,
      isFixed ? `mount -o remount,bind,ro ${root}${place}` : '',
    ]),
    ...empty.map((place) => `mount -t tmpfs -o mode=1777 tmpfs ${root}${place}`),
    [
      'exec setpriv --no-new-privs --clear-groups unshare',
      `--root=${root} --wd=${directory} --setgid=${group} --setuid=${owner}`,
      words.map((word) => quoted(word)).join(' '),
    ].join(' '),
  ];
  const script = lines.filter((line) => line !== '').join(' && ');
  const args = ['--mount', '--propagation', 'private', '/bin/sh', '-c', script];
  return { file: '/usr/bin/unshare', args, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...env } };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
