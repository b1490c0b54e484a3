// `nest start standalone` in a checkout: the same as `connaisseur standalone`, with flags and environment as there.
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../../../apps/cli/bin/connaisseur.mjs', import.meta.url));
process.argv.splice(1, 1, launcher, 'standalone');
await import(launcher);
