import { join } from 'node:path';

import type { TemplateSource } from './compile-template.js';

/** The two calls of `node:fs/promises` that are needed here. */
export interface TemplateFiles {
  readdir(directory: string): Promise<readonly string[]>;
  readFile(file: string, encoding: 'utf8'): Promise<string>;
}

/** A template's name can name nothing but a file beside the others (A06). */
const TEMPLATE_FILE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})\.json$/;
const MAX_TEMPLATES = 200;

/** Reads `<name>.json` from the alerts directory. A name from the configuration is only ever looked up in what was read. */
export async function readTemplates(
  directory: string,
  files: TemplateFiles,
): Promise<readonly TemplateSource[]> {
  const names = (await files.readdir(directory)).filter((name) => TEMPLATE_FILE.test(name)).toSorted();
  return await Promise.all(
    names.slice(0, MAX_TEMPLATES).map(async (name): Promise<TemplateSource> => {
      const file = join(directory, name);
      return { name: name.replace(/\.json$/, ''), file, text: await files.readFile(file, 'utf8') };
    }),
  );
}
