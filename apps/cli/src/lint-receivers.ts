import { readdir, readFile } from 'node:fs/promises';

import { checkReceivers, readTemplates, TemplateCatalogue } from '#alerts';
import type { AlertingConfig, Finding } from '#config';

import { UsageError } from './usage-error.js';

/** What is wrong with the templates that receivers use, and with the receivers; the latter have no place yet. */
export async function lintReceivers(
  alerting: AlertingConfig,
  directory: string,
): Promise<{ readonly templates: readonly Finding[]; readonly receivers: readonly Finding[] }> {
  const catalogue = new TemplateCatalogue(await templatesIn(directory));
  const used = new Set([...alerting.admit, ...alerting.reject].map(({ template }) => `/${template}.json`));
  return {
    templates: catalogue.findings.filter(({ file }) => [...used].some((name) => file.endsWith(name))),
    receivers: checkReceivers(alerting, catalogue),
  };
}

async function templatesIn(directory: string): Promise<Awaited<ReturnType<typeof readTemplates>>> {
  try {
    return await readTemplates(directory, { readdir, readFile });
  } catch (cause) {
    throw new UsageError(`templates in ${directory} cannot be read: expected a directory with <name>.json`, {
      cause,
    });
  }
}
