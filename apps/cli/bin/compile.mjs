// Keeps the compiled code of everything that services load in a folder: `node compile.mjs FOLDER`, once, when an image is
// built, with the Node and as the user that will run it (Node keeps them apart). A processor of another kind ignores it.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { flagsOf } from './services.mjs';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'dist');
/** What does something when it is loaded. */
const RUNS = /(?:^|\/)(?:main|verification-thread)\.js$/;
const [, , folder, role] = process.argv;

if (role === 'load') {
  for (const project of ['apps', 'libs']) {
    for (const path of readdirSync(join(DIST, project), { recursive: true })) {
      if (path.endsWith('.js') && !RUNS.test(path))
        await import(pathToFileURL(join(DIST, project, path)).href);
    }
  }
  process.exit(0);
}
for (const command of ['gateway', 'standalone']) {
  const { status } = spawnSync(
    process.execPath,
    [...flagsOf(command), fileURLToPath(import.meta.url), folder, 'load'],
    { stdio: 'inherit', env: { ...process.env, NODE_COMPILE_CACHE: folder } },
  );
  if (status !== 0) process.exit(status ?? 1);
}
// Node keeps them for their owner; in the image they are root's, and read only.
for (const name of readdirSync(folder, { recursive: true })) {
  const path = join(folder, name);
  chmodSync(path, statSync(path).isDirectory() ? 0o755 : 0o644);
}
