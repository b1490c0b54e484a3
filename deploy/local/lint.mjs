// Lints what changed since the last clean run, and every file that imports it, directly or not: nothing else can have
// another finding. All files in CI, after a change of settings or packages, and the first time.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

import { ROOT } from './bootstrap.mjs';

const FOLDERS = ['apps', 'libs', 'test', 'deploy'];
const SETTINGS = ['.oxlintrc.json', 'tsconfig.json', 'package.json', 'package-lock.json', '.gitignore'];
const MEMORY = join(ROOT, '.cache', 'lint.json');

const { imports: OWN_NAMES } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

const texts = new Map(sources().map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
const now = {
  settings: hash(SETTINGS.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\0')),
  files: Object.fromEntries([...texts].map(([path, text]) => [path, hash(text)])),
};
const paths = toLint(remembered());
if (paths.length > 0) {
  const { status } = spawnSync(join(ROOT, 'node_modules', '.bin', 'oxlint'), ['--type-aware', ...paths], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(1);
}
mkdirSync(dirname(MEMORY), { recursive: true });
writeFileSync(MEMORY, JSON.stringify(now));

/** Program text that Git tracks or would track. */
function sources() {
  const { status, stdout, stderr } = spawnSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate', '--', ...FOLDERS],
    { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (status !== 0) {
    process.stderr.write(stderr);
    return []; // no checkout: everything is linted
  }
  return stdout.split('\0').filter((path) => /\.[cm]?[jt]s$/.test(path) && existsSync(join(ROOT, path)));
}

function remembered() {
  try {
    return JSON.parse(readFileSync(MEMORY, 'utf8'));
  } catch {
    return undefined;
  }
}

function toLint(before) {
  if (process.env.CI || texts.size === 0 || before?.settings !== now.settings) return FOLDERS;
  const changed = [...texts.keys()].filter((path) => before.files[path] !== now.files[path]);
  const gone = Object.keys(before.files).filter((path) => !texts.has(path));
  // Declarations reach files that do not import them.
  if ([...changed, ...gone].some((path) => path.endsWith('.d.ts'))) return FOLDERS;
  const affected = withImporters([...changed, ...gone]).filter((path) => texts.has(path));
  return affected.length > texts.size / 2 ? FOLDERS : affected;
}

function withImporters(paths) {
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

function hash(text) {
  return createHash('sha256').update(text).digest('base64url');
}
