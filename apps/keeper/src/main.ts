// `nest start keeper` in a checkout: the same as `connaisseur keeper`, with flags and environment as there.
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../../../apps/cli/bin/connaisseur.mjs', import.meta.url));
process.argv.splice(1, 1, launcher, 'keeper');
await import(launcher);
