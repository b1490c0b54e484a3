import { type KubernetesApi, orAbsent } from '#kubernetes';

import { markArmed } from './armed-mark.js';
import type { ClusterSettings } from './cluster-settings.js';
import { isOfThisRelease } from './installed-release.js';
import { leasePlace, WEBHOOK_PLACES } from './places.js';

export interface DisarmOptions {
  readonly api: KubernetesApi;
  readonly settings: ClusterSettings;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A keeper that had decided to repair before it saw the mark has done so by then. */
const LOOKS = 3;
const LOOK_EVERY_MS = 1000;

/**
 * Takes both webhook configurations of this release away and sees that they stay away; those of somebody else are left
 * alone, so that an install that was refused beside another release does not disarm that one.
 */
export async function disarm(
  { api, settings, sleep }: DisarmOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  // Without the Lease nothing was ever armed, and no keeper arms.
  const lease = await orAbsent(api.get(leasePlace(settings), signal));
  if (lease !== undefined) await markArmed(api, settings, false, signal);
  const removed = new Set<string>();
  for (let look = 1; ; look += 1) {
    for (const place of WEBHOOK_PLACES) {
      const live = await orAbsent(api.get(place, signal));
      if (live === undefined || !isOfThisRelease(live, settings)) continue;
      await orAbsent(api.delete(place, { uid: live.uid }, signal));
      removed.add(live.kind);
    }
    if (look === LOOKS) return [...removed];
    await sleep(LOOK_EVERY_MS, signal);
  }
}
