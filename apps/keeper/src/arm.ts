import type { KubernetesApi } from '#kubernetes';

import { markArmed } from './armed-mark.js';
import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { FIELD_MANAGER, WEBHOOK_NAME } from './places.js';
import { readTrustBundle } from './trust-source.js';
import { type WebhookManifest, withBundle } from './webhook-manifests.js';

export interface ArmOptions {
  readonly api: KubernetesApi;
  readonly settings: ClusterSettings;
  readonly manifests: readonly WebhookManifest[];
  /** Asks a gateway behind the service, trusting this bundle; undefined once it is ready, else why not. */
  readonly probe: (bundle: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => Date;
  readonly timeoutMs: number;
}

const PROBE_EVERY_MS = 1000;

/**
 * Applies both webhook configurations as soon as a gateway answers, and not before: an installation whose gateways do not
 * start never blocks the cluster. What is there is changed in place, never deleted; a second time changes nothing.
 */
export async function arm(options: ArmOptions, signal: AbortSignal): Promise<void> {
  const { api, settings, manifests, now } = options;
  const { bundle } = await readTrustBundle(api, settings, now(), signal);
  await untilReady(options, bundle, signal);
  for (const manifest of manifests) {
    const place = { kind: manifest.kind, name: WEBHOOK_NAME };
    await api.apply(
      place,
      withBundle(manifest, bundle),
      { fieldManager: FIELD_MANAGER, force: true },
      signal,
    );
  }
  await markArmed(api, settings, true, signal);
}

async function untilReady(
  { probe, sleep, now, timeoutMs, settings }: ArmOptions,
  bundle: string,
  signal: AbortSignal,
): Promise<void> {
  const end = now().getTime() + timeoutMs;
  for (;;) {
    const why = await probe(bundle, signal);
    if (why === undefined) return;
    if (now().getTime() >= end) {
      throw new InstallationError(
        'gateway-silent',
        `no gateway answered /ready behind ${settings.service}.${settings.namespace}.svc within ${timeoutMs / 1000} s (${why}); the webhooks stay as they were. See kubectl -n ${settings.namespace} get pods`,
      );
    }
    await sleep(PROBE_EVERY_MS, signal);
  }
}
