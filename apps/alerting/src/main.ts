// `nest start alerting` in a checkout: the same as `connaisseur alerting`, with flags and environment as there.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../../../apps/cli/bin/connaisseur.mjs', import.meta.url));
spawn(process.execPath, [launcher, 'alerting', ...process.argv.slice(2)], { stdio: 'inherit' }).on(
  'exit',
  (code) => process.exit(code ?? 1),
);
