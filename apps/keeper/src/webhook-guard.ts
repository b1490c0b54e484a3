import { isJsonObject, type KubernetesApi, type KubernetesObject, orAbsent } from '#kubernetes';

import { isArmed } from './armed-mark.js';
import {
  type BreakGlassState,
  GLASS_ANNOTATIONS,
  GLASS_CONDITION,
  readBreakGlass,
} from './break-glass-state.js';
import type { ClusterSettings } from './cluster-settings.js';
import { type Drift, driftOf } from './drift.js';
import { FIELD_MANAGER, WEBHOOK_NAME } from './places.js';
import { type WebhookManifest, webhooksOf, withBundle } from './webhook-manifests.js';

/** What one look at one configuration found and did. */
export interface GuardReport {
  readonly kind: string;
  readonly drift: readonly Drift[];
  readonly repaired: boolean;
  readonly breakGlass: BreakGlassState;
}

/** Compares one configuration with what it shall be and puts it right; what an opening in force changed is left. */
export async function guardWebhook(
  api: KubernetesApi,
  settings: ClusterSettings,
  manifest: WebhookManifest,
  bundle: string,
  now: Date,
  signal: AbortSignal,
): Promise<GuardReport> {
  const place = { kind: manifest.kind, name: WEBHOOK_NAME };
  const live = await orAbsent(api.get(place, signal));
  const breakGlass = live === undefined ? ({ kind: 'closed' } as const) : readBreakGlass(live, now);
  const desired = withBundle(manifest, bundle);
  const drift = driftOf(desired, live, breakGlass.kind === 'open');
  const report = { kind: manifest.kind.kind, drift, breakGlass };
  if (drift.length === 0 && breakGlass.kind !== 'over') return { ...report, repaired: false };
  // Looked at now and not before: whoever uninstalls says so first, and then deletes.
  if (live === undefined) {
    if (!(await isArmed(api, settings, signal))) return { ...report, drift: [], repaired: false };
    await api.apply(place, desired, { fieldManager: FIELD_MANAGER, force: true }, signal);
  } else {
    await api.patch(place, repair(live, desired, breakGlass), { fieldManager: FIELD_MANAGER }, signal);
  }
  return { ...report, repaired: true };
}

/** The whole list, because a server-side apply leaves what others added. Conditional on the version that was judged. */
function repair(live: KubernetesObject, desired: ReturnType<typeof withBundle>, glass: BreakGlassState) {
  const isOpen = glass.kind === 'open';
  const { labels } = desired.metadata;
  const gone = Object.fromEntries(Object.values(GLASS_ANNOTATIONS).map((name) => [name, null]));
  return {
    metadata: {
      resourceVersion: live.resourceVersion,
      ...(isJsonObject(labels) && { labels }),
      ...(!isOpen && { annotations: gone }),
    },
    webhooks: webhooksOf(desired).map((webhook) => {
      if (!isOpen) return webhook;
      const conditions: unknown[] = Array.isArray(webhook['matchConditions'])
        ? webhook['matchConditions']
        : [];
      return { ...webhook, matchConditions: [...conditions, GLASS_CONDITION] };
    }),
  };
}
