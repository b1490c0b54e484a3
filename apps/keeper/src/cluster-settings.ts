import { parse } from 'yaml';
import { z } from 'zod';

import { InstallationError } from './error.js';

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'expected a DNS label');

const Settings = z.strictObject({
  schemaVersion: z.literal(1),
  release: name,
  namespace: name,
  service: name,
  certificates: z.strictObject({ source: z.enum(['self', 'cert-manager', 'own']), secretName: name }),
  redis: z.strictObject({ bundled: z.boolean(), service: name }),
  components: z.array(z.enum(['gateway', 'verifier', 'alerting'])).max(8),
  /** Secrets that the user makes, and that must be there. */
  secrets: z
    .array(z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/))
    .max(500)
    .default([]),
  driftSeconds: z.number().int().min(1).max(30),
});

/** What the chart tells of one installation (`cluster.yaml`). */
export type ClusterSettings = Readonly<z.infer<typeof Settings>>;

/** Parses `cluster.yaml`; throws {@link InstallationError} with every mistake. */
export function parseClusterSettings(text: string): ClusterSettings {
  const result = Settings.safeParse(readYaml(text));
  if (result.success) return result.data;
  const mistakes = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
  );
  throw new InstallationError('settings', `cluster.yaml: ${mistakes.join('; ')}`);
}

function readYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new InstallationError('settings', 'cluster.yaml: expected YAML, got something else', { cause });
  }
}
