import { lifeOf, parseCertificates } from '#certificates';
import { isJsonObject, type KubernetesApi, type KubernetesObject, orAbsent, secretData } from '#kubernetes';

import { isArmed } from './armed-mark.js';
import { type BreakGlassState, readBreakGlass } from './break-glass-state.js';
import type { ClusterSettings } from './cluster-settings.js';
import { driftOf } from './drift.js';
import { WEBHOOK_NAME, secretPlace } from './places.js';
import { readTrustBundle } from './trust-source.js';
import { type WebhookManifest, webhooksOf, withBundle } from './webhook-manifests.js';

/** What is on in a cluster; for people and for scripts. */
export interface ClusterStatus {
  readonly release: string;
  readonly namespace: string;
  readonly armed: boolean;
  readonly webhooks: readonly WebhookStatus[];
  readonly certificates: readonly {
    readonly name: string;
    readonly notAfter: string;
    readonly rotateAt: string;
  }[];
}

export interface WebhookStatus {
  readonly kind: string;
  readonly isThere: boolean;
  readonly failurePolicy: readonly string[];
  /** Namespace selectors as they are: who is exempt. */
  readonly namespaceSelectors: readonly unknown[];
  readonly drift: readonly string[];
  readonly breakGlass: BreakGlassState;
}

/** Reads and changes nothing. */
export async function clusterStatus(
  api: KubernetesApi,
  settings: ClusterSettings,
  manifests: readonly WebhookManifest[],
  now: Date,
  signal: AbortSignal,
): Promise<ClusterStatus> {
  const { bundle } = await readTrustBundle(api, settings, now, signal);
  const webhooks = await Promise.all(
    manifests.map(async (manifest) => {
      const live = await orAbsent(api.get({ kind: manifest.kind, name: WEBHOOK_NAME }, signal));
      return webhookStatus(manifest, live, bundle, now);
    }),
  );
  const serving = await orAbsent(api.get(secretPlace(settings, settings.certificates.secretName), signal));
  const leaf = serving === undefined ? undefined : secretData(serving, 'tls.crt')?.toString('utf8');
  return {
    release: settings.release,
    namespace: settings.namespace,
    armed: await isArmed(api, settings, signal),
    webhooks,
    certificates: [
      ...parseCertificates(bundle).map((ca, index) => ({
        name: `authority ${index + 1}`,
        ...ends(ca.toString()),
      })),
      ...(leaf === undefined ? [] : [{ name: 'serving', ...ends(leaf) }]),
    ],
  };
}

function webhookStatus(
  manifest: WebhookManifest,
  live: KubernetesObject | undefined,
  bundle: string,
  now: Date,
): WebhookStatus {
  const breakGlass = live === undefined ? ({ kind: 'closed' } as const) : readBreakGlass(live, now);
  const webhooks = live === undefined ? [] : webhooksOf(live.body);
  const drift = driftOf(withBundle(manifest, bundle), live, breakGlass.kind === 'open');
  return {
    kind: manifest.kind.kind,
    isThere: live !== undefined,
    failurePolicy: webhooks.map(({ failurePolicy }) =>
      typeof failurePolicy === 'string' ? failurePolicy : 'Fail',
    ),
    namespaceSelectors: webhooks.map(({ namespaceSelector }) =>
      isJsonObject(namespaceSelector) ? namespaceSelector : {},
    ),
    drift: drift.map(({ field, webhook }) => (webhook === '' ? field : `${webhook}: ${field}`)),
    breakGlass,
  };
}

function ends(pem: string): { notAfter: string; rotateAt: string } {
  const { notAfter, rotateAt } = lifeOf(pem);
  return { notAfter: notAfter.toISOString(), rotateAt: rotateAt.toISOString() };
}
