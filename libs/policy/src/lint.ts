import { dominates } from './dominance.js';
import { overlaps, ties } from './lint-overlap.js';
import { modeDifferences } from './lint-modes.js';
import type { RuleReach } from './namespaces.js';
import type { PatternIndex } from './pattern-index.js';
import type { PlacedPattern } from './specificity.js';

/** Something about a policy that a person should know. */
export interface PolicyFinding {
  readonly code:
    | 'unreachable-rule'
    | 'wildcard-host-allow'
    | 'allow-by-tag'
    | 'modes-differ'
    | 'overlap'
    | 'equal-specificity';
  /** Place in the policy of the rule that it is about, from 0. */
  readonly index: number;
  /** The other rule that it is about. */
  readonly otherIndex?: number;
  /** An image that shows it. */
  readonly image?: string;
  readonly message: string;
}

export interface LintOptions<R> {
  /** Which rules let everything in that they govern, without looking at it. Without this, `overlap` and the findings about such rules are left out. */
  readonly isStaticAllow?: (rule: R) => boolean;
}

/** Every finding about a policy, in the order of its rules. */
export function lint<R extends { readonly pattern: string }>(
  rules: readonly R[],
  patterns: PatternIndex,
  { isStaticAllow = () => false, reach }: LintOptions<R> & { readonly reach: RuleReach },
): readonly PolicyFinding[] {
  const allows = new Set(rules.flatMap((rule, index) => (isStaticAllow(rule) ? [index] : [])));
  const unreachable = unreachableRules(rules.length, patterns, reach);
  const dead = new Set(unreachable.map(({ index }) => index));
  const live = patterns.patterns.filter(({ index }) => !dead.has(index));
  return [
    ...unreachable,
    ...rules.flatMap((rule, index) => (allows.has(index) ? staticAllow(index, patterns) : [])),
    ...overlaps(live, patterns, allows),
    ...ties(live, patterns).filter(({ index, otherIndex = index }) => meet(index, otherIndex, reach)),
    // Both ways of matching read namespaces alike.
    ...modeDifferences(rules, patterns),
  ].toSorted((a, b) => a.index - b.index);
}

function unreachableRules(count: number, patterns: PatternIndex, reach: RuleReach): readonly PolicyFinding[] {
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const others = patterns.patterns.filter(
      (other) => other.index !== index && reach.covers(other.index, index),
    );
    const winners = patterns.of(index).map((own) => others.find((other) => dominates(other, own)));
    const winner = winners[0];
    if (winner === undefined || winners.includes(undefined)) return [];
    const message = `never governs an image: policy[${winner.index}] "${winner.text}" matches every such image and wins`;
    return [{ code: 'unreachable-rule' as const, index, otherIndex: winner.index, message }];
  });
}

/** False where one of the rules is for other namespaces: which one governs then does not hang on their order. */
function meet(index: number, other: number, reach: RuleReach): boolean {
  return reach.covers(index, other) && reach.covers(other, index);
}

/** A digest names its bytes, so an allow for one digest is as good as a verification. */
function staticAllow(index: number, patterns: PatternIndex): readonly PolicyFinding[] {
  const findings: PolicyFinding[] = [];
  const open = patterns.of(index).filter(({ text }) => !/@sha256:[0-9a-f]{64}$/.test(text));
  if (open.some((pattern) => !isHostFixed(pattern, patterns))) {
    const message = 'lets images in from any host that the pattern can match: name the host in full';
    findings.push({ code: 'wildcard-host-allow', index, message });
  }
  if (open.some(({ components }) => /:[^*@]|:\*+[^*@]/.test(components.at(-1) ?? ''))) {
    const message = 'lets an image in by its tag, and a tag can be moved: name a digest, or verify the image';
    findings.push({ code: 'allow-by-tag', index, message });
  }
  return findings;
}

/** In `connaisseur` matching a pattern is found anywhere in a name, so no pattern fixes a host. */
function isHostFixed({ components, text }: PlacedPattern, { matching }: PatternIndex): boolean {
  return matching === 'strict' && text.includes('/') && components[0]?.includes('*') === false;
}
