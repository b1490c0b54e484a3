import { join } from 'node:path';

import { readIfPresent } from '#config';

import { UsageError } from './usage-error.js';

/**
 * Identity of the cluster on the bus: as given, else the file that `cluster prepare` put beside the keys (the UID of
 * kube-system), else `default`. All services of one installation must have the same.
 */
export function clusterIdentity(given: string | undefined, keysDirectory: string): string {
  const identity = given ?? readIfPresent(join(keysDirectory, 'cluster-id'))?.trim() ?? 'default';
  if (/^[A-Za-z0-9._:-]{1,128}$/.test(identity)) return identity;
  throw new UsageError('expected a cluster id of 1 to 128 letters, digits, ".", "_", ":" or "-"');
}
