// `nest start alerting` in a checkout: the same as `connaisseur alerting`, with flags and environment as there.
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../../../apps/cli/bin/connaisseur.mjs', import.meta.url));
process.argv.splice(1, 1, launcher, 'alerting');
await import(launcher);
