import type { KubernetesObject } from '#kubernetes';

import { webhooksOf } from './webhook-manifests.js';

/**
 * While a webhook has this condition the API server does not call it at all: so it helps against a gateway that is dead, one
 * that hangs and one that denies. Its name is in docs/how-to/break-glass.md.
 */
export const GLASS_CONDITION = { name: 'break-glass', expression: 'false' } as const;

const PREFIX = 'securesystemsengineering.connaisseur/break-glass';
export const GLASS_ANNOTATIONS = {
  until: `${PREFIX}-until`,
  reason: `${PREFIX}-reason`,
  by: `${PREFIX}-by`,
} as const;

/** Nobody opens for longer at a time. */
export const GLASS_MAX_MS = 24 * 3_600_000;
/** The clock of whoever opened may be before ours. */
const SKEW_MS = 5 * 60_000;
/** An annotation may have been written by anybody: what is shown of it is short. */
const TEXT_MAX = 200;

/** An emergency opening that is in force. */
export interface OpenGlass {
  readonly kind: 'open';
  readonly until: Date;
  readonly reason: string;
  readonly by: string;
}

/** `over`: an opening is written down or in force whose time has passed, or that never had a valid one. */
export type BreakGlassState = { readonly kind: 'closed' } | { readonly kind: 'over' } | OpenGlass;

/** What a configuration says of an emergency opening. */
export function readBreakGlass(live: KubernetesObject, now: Date): BreakGlassState {
  const isWritten = Object.values(GLASS_ANNOTATIONS).some((name) => live.annotations.has(name));
  const hasCondition = webhooksOf(live.body).some(({ matchConditions }) => holdsCondition(matchConditions));
  if (!isWritten && !hasCondition) return { kind: 'closed' };
  const until = new Date(live.annotations.get(GLASS_ANNOTATIONS.until) ?? Number.NaN);
  const leftMs = until.getTime() - now.getTime();
  const reason = shortText(live.annotations.get(GLASS_ANNOTATIONS.reason));
  // Without an end and a reason, or longer than anybody may: that is no opening but somebody's change of our webhooks.
  if (!(leftMs > 0 && leftMs <= GLASS_MAX_MS + SKEW_MS) || reason === '') return { kind: 'over' };
  return {
    kind: 'open',
    until,
    reason,
    by: shortText(live.annotations.get(GLASS_ANNOTATIONS.by)) || 'unknown',
  };
}

/** True for conditions among which is one of our name, whatever it says. */
export function holdsCondition(matchConditions: unknown): boolean {
  return Array.isArray(matchConditions) && matchConditions.some((condition) => isGlassCondition(condition));
}

/** By name: one that somebody has bent is taken away like our own. */
export function isGlassCondition(condition: unknown): boolean {
  return (
    typeof condition === 'object' &&
    condition !== null &&
    'name' in condition &&
    condition.name === GLASS_CONDITION.name
  );
}

function shortText(text: string | undefined): string {
  return (text ?? '')
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, TEXT_MAX);
}
