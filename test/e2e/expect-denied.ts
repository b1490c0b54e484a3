import { expect } from 'vitest';

import type { CommandResult } from '../interop/world/index.js';

/** What kubectl prints before our own words. */
export const DENIED = 'admission webhook "connaisseur-svc.connaisseur.svc" denied the request: ';

/** Expects that kubectl was told no by our webhook, with a code that begins like this; resolves to what it printed. */
export async function expectDenied(result: Promise<CommandResult>, code = 'CNS-1'): Promise<string> {
  const { code: exit, stderr } = await result;
  expect(stderr).toContain(`${DENIED}${code}`);
  expect(exit).not.toBe(0);
  return stderr;
}

/** Expects that kubectl did what it was told without a warning. */
export async function expectAdmitted(result: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await result;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}
