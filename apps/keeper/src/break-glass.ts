import {
  type JsonObject,
  type KubernetesApi,
  KubernetesError,
  type KubernetesObject,
  type ObjectPlace,
  orAbsent,
} from '#kubernetes';

import {
  type BreakGlassState,
  GLASS_ANNOTATIONS,
  GLASS_CONDITION,
  isGlassCondition,
  readBreakGlass,
} from './break-glass-state.js';
import { InstallationError } from './error.js';
import { WEBHOOK_PLACES } from './places.js';
import { type Webhook, webhooksOf } from './webhook-manifests.js';

const MANAGER = { fieldManager: 'connaisseur-break-glass' };
/** Others write to the same object; more conflicts than this in a row are a fight. */
const ATTEMPTS = 5;

export interface Opening {
  readonly until: Date;
  readonly reason: string;
  readonly by: string;
}

/**
 * Lets everything pass until then, by both configurations: asks no gateway, so it works while every pod of ours is dead.
 * Throws {@link InstallationError} `not-armed` where there is no configuration, and so nothing that could block.
 */
export async function openBreakGlass(
  api: KubernetesApi,
  { until, reason, by }: Opening,
  signal: AbortSignal,
): Promise<void> {
  const annotations = {
    [GLASS_ANNOTATIONS.until]: until.toISOString(),
    [GLASS_ANNOTATIONS.reason]: reason,
    [GLASS_ANNOTATIONS.by]: by,
  };
  const changed = await changeBoth(api, annotations, (rest) => [...rest, GLASS_CONDITION], signal);
  if (changed === 0) {
    throw new InstallationError(
      'not-armed',
      'there is no webhook configuration connaisseur-webhook: nothing is verified, and nothing is blocked by Connaisseur',
    );
  }
}

/** Ends it; nothing happens where none is. */
export async function endBreakGlass(api: KubernetesApi, signal: AbortSignal): Promise<void> {
  const none = Object.fromEntries(Object.values(GLASS_ANNOTATIONS).map((name) => [name, null]));
  await changeBoth(api, none, (rest) => rest, signal);
}

/** What each configuration says; one that is absent says nothing. */
export async function breakGlassStatus(
  api: KubernetesApi,
  now: Date,
  signal: AbortSignal,
): Promise<readonly BreakGlassState[]> {
  const live = await Promise.all(WEBHOOK_PLACES.map(async (place) => await orAbsent(api.get(place, signal))));
  return live.flatMap((object) => (object === undefined ? [] : [readBreakGlass(object, now)]));
}

type Conditions = readonly unknown[];

async function changeBoth(
  api: KubernetesApi,
  annotations: JsonObject,
  toConditions: (rest: Conditions) => Conditions,
  signal: AbortSignal,
): Promise<number> {
  let changed = 0;
  for (const place of WEBHOOK_PLACES) {
    if (await change(api, place, annotations, toConditions, signal)) changed += 1;
  }
  return changed;
}

/** Conditional on the version that was read, so that nobody's change in between is undone. */
async function change(
  api: KubernetesApi,
  place: ObjectPlace,
  annotations: JsonObject,
  toConditions: (rest: Conditions) => Conditions,
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1) {
    const live = await orAbsent(api.get(place, signal));
    if (live === undefined) return false;
    try {
      await api.patch(place, patchOf(live, annotations, toConditions), MANAGER, signal);
      return true;
    } catch (error) {
      if (!(error instanceof KubernetesError && error.reason === 'conflict') || attempt === ATTEMPTS)
        throw error;
    }
  }
}

function patchOf(
  live: KubernetesObject,
  annotations: JsonObject,
  toConditions: (rest: Conditions) => Conditions,
): JsonObject {
  return {
    metadata: { resourceVersion: live.resourceVersion, annotations },
    webhooks: webhooksOf(live.body).map((webhook) => ({
      ...webhook,
      matchConditions: toConditions(others(webhook)),
    })),
  };
}

function others({ matchConditions }: Webhook): Conditions {
  return Array.isArray(matchConditions)
    ? matchConditions.filter((condition) => !isGlassCondition(condition))
    : [];
}
