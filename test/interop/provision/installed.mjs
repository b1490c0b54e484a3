// What is installed rather than cached: packages of the machine's own release.
import { which } from './command.mjs';
import { aptInstall } from './debian.mjs';

export const redis = installedPackage('redis-server', ['redis-server']);
/** One package has the client and both servers. */
export const notary = installedPackage('notary', ['notary', 'notary-server', 'notary-signer']);

function installedPackage(name, programs) {
  return {
    name,
    version: 'apt',
    isThere: () => programs.every((program) => which(program) !== undefined),
    verb: 'installed',
    install: () => aptInstall([name]),
  };
}
