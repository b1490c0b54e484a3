import type { Subject } from './pattern.js';
import type { PatternIndex } from './pattern-index.js';
import { type Comparison, compareSpecificity, type PlacedPattern, prefixLengths } from './specificity.js';

/** One rule that matches an image, with everything that its rank depends on. */
export interface MatchedPattern<R> {
  readonly rule: R;
  /** Place in the policy, from 0. */
  readonly index: number;
  /** The form that was compared: canonical in strict matching. */
  readonly pattern: string;
  readonly components: number;
  /** Characters in common with the image, for each component. */
  readonly prefixLengths: readonly number[];
  readonly componentLengths: readonly number[];
}

/** Why a rule governs an image. */
export interface Explanation<R> {
  /** The name that patterns were compared with. */
  readonly name: string;
  /** Best first; empty where no rule matches. */
  readonly matches: readonly MatchedPattern<R>[];
  /** One sentence: why the first one won. */
  readonly reason: string;
}

/** Ranks the rules that match; a rule with two spellings counts with the better one. */
export function explain<R>(
  rules: readonly R[],
  patterns: PatternIndex,
  subject: Subject,
  holds?: (index: number) => boolean,
): Explanation<R> {
  const ranked = new Map<number, PlacedPattern>();
  for (const pattern of patterns.all(subject, holds)) {
    if (!ranked.has(pattern.index)) ranked.set(pattern.index, pattern);
  }
  const best = [...ranked.values()];
  return {
    name: subject.name,
    matches: best.flatMap((pattern) => {
      const rule = rules[pattern.index];
      return rule === undefined ? [] : [toMatch(rule, pattern, subject)];
    }),
    reason: reasonOf(best, subject),
  };
}

function toMatch<R>(rule: R, pattern: PlacedPattern, subject: Subject): MatchedPattern<R> {
  return {
    rule,
    index: pattern.index,
    pattern: pattern.text,
    components: pattern.components.length,
    prefixLengths: prefixLengths(pattern, subject.components),
    componentLengths: pattern.components.map((component) => component.length),
  };
}

function reasonOf([winner, second]: readonly PlacedPattern[], { name, components }: Subject): string {
  if (winner === undefined) return `no rule has a pattern that matches ${name}`;
  if (second === undefined) return `policy[${winner.index}] "${winner.text}" is the only rule that matches`;
  const because = sentence(compareSpecificity(winner, second, components), winner, second, components);
  return `policy[${winner.index}] "${winner.text}" beats policy[${second.index}] "${second.text}": ${because}`;
}

function sentence(
  { criterion, component }: Comparison,
  winner: PlacedPattern,
  second: PlacedPattern,
  image: readonly string[],
): string {
  const place = `component ${component + 1}`;
  switch (criterion) {
    case 'components':
      return `it has ${winner.components.length} components, the other ${second.components.length}`;
    case 'prefix': {
      const [ours = 0, theirs = 0] = [winner, second].map(
        (pattern) => prefixLengths(pattern, image)[component],
      );
      return `its ${place} has ${ours} leading characters in common with the image, the other ${theirs}`;
    }
    case 'length': {
      const [ours = 0, theirs = 0] = [winner, second].map((pattern) => pattern.components[component]?.length);
      return `its ${place} is ${ours} characters long, the other ${theirs}`;
    }
    case 'position':
      return 'they are equally specific, and the later rule wins';
  }
}
