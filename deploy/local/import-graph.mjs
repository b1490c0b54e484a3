// Our own program texts, and who imports whom: what a change of one file can reach.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

import { ROOT } from './bootstrap.mjs';

export const FOLDERS = ['apps', 'libs', 'test', 'deploy'];

const { imports: OWN_NAMES } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Files that Git tracks or would track; empty outside of a checkout. */
export function trackedFiles(...folders) {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...folders],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) {
    process.stderr.write(stderr ?? '');
    return [];
  }
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)));
}

export function isProgram(path) {
  return /\.[cm]?[jt]s$/.test(path) && FOLDERS.includes(path.split('/')[0]);
}

/** `paths`, and every file of `texts` (path → text) that imports one of them, directly or not. */
export function withImporters(paths, texts) {
  const importers = new Map();
  for (const [path, text] of texts) {
    for (const target of imports(path, text)) {
      if (!importers.has(target)) importers.set(target, []);
      importers.get(target).push(path);
    }
  }
  const found = new Set(paths);
  for (const path of found) for (const importer of importers.get(path) ?? []) found.add(importer);
  return [...found];
}

/** Files of ours that a file names; what is named only in a text is one too many, never one too few. */
function imports(path, text) {
  return [...text.matchAll(/['"]((?:\.{1,2}\/|#)[^'"\n]*)['"]/g)].flatMap(([, name]) => {
    const file = name.startsWith('#')
      ? posix.normalize(OWN_NAMES[name]?.source ?? name)
      : posix.join(posix.dirname(path), name);
    return [file, file.replace(/\.([cm]?)js$/, '.$1ts')];
  });
}

export function hash(text) {
  return createHash('sha256').update(text).digest('base64url');
}

export function recall(memory) {
  try {
    return JSON.parse(readFileSync(memory, 'utf8'));
  } catch {
    return undefined;
  }
}

export function remember(memory, value) {
  mkdirSync(dirname(memory), { recursive: true });
  writeFileSync(memory, JSON.stringify(value));
}
