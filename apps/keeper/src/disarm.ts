import { type KubernetesApi, orAbsent } from '#kubernetes';

import { markArmed } from './armed-mark.js';
import type { ClusterSettings } from './cluster-settings.js';
import { PART_OF, PART_OF_US, WEBHOOK_PLACES } from './places.js';

export interface DisarmOptions {
  readonly api: KubernetesApi;
  readonly settings: ClusterSettings;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/** A keeper that had decided to repair before it saw the mark has done so by then. */
const LOOKS = 3;
const LOOK_EVERY_MS = 1000;

/** Takes both webhook configurations away and sees that they stay away; those of somebody else are left alone. */
export async function disarm(
  { api, settings, sleep }: DisarmOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  await markArmed(api, settings, false, signal);
  const removed = new Set<string>();
  for (let look = 1; ; look += 1) {
    for (const place of WEBHOOK_PLACES) {
      const live = await orAbsent(api.get(place, signal));
      if (live?.labels.get(PART_OF) !== PART_OF_US) continue;
      await orAbsent(api.delete(place, { uid: live.uid }, signal));
      removed.add(live.kind);
    }
    if (look === LOOKS) return [...removed];
    await sleep(LOOK_EVERY_MS, signal);
  }
}
