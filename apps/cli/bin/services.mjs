// Which commands are services, and how each is run.

/** Services that run no template code of others: they refuse to compile code from text. Alerting needs Handlebars. */
export const HARDENED = ['gateway', 'verifier'];
export const SERVICES = [...HARDENED, 'alerting', 'standalone'];

/** Node's flags for a command that runs in a process of its own. */
export function flagsOf(command) {
  const flags = ['--disable-proto=delete', '--no-addons'];
  if (HARDENED.includes(command)) {
    return [...flags, '--disallow-code-generation-from-strings', '--max-semi-space-size=32'];
  }
  // Reading them costs a tenth of the start: not where admissions wait for it.
  return [...flags, '--enable-source-maps'];
}
