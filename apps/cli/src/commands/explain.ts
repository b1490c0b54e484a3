import type { ImageReference } from '#image-ref';
import { ImageReferenceError, parseImageReference } from '#image-ref';
import type { VerificationEngine } from '#verification';

import { exitCodeOf } from '../exit-code.js';
import { judgeImage } from '../judge-image.js';
import { plainText } from '../plain-text.js';
import { openPolicy, type PolicyOptions } from '../policy-file.js';
import { formatResult } from '../print-result.js';

export interface ExplainOptions extends PolicyOptions {
  readonly output: 'text' | 'json';
  readonly timeout: number;
  /** Rules may hold in some namespaces only. */
  readonly namespace: string;
  /** Only the choice of the rule; nothing is fetched. */
  readonly offline?: boolean;
}

/** `connaisseur explain`: which rules match, why the winner won, and what the verification finds step by step. */
export async function explain(text: string, options: ExplainOptions): Promise<number> {
  const opened = openPolicy(options);
  const { engine, configuration } = opened;
  try {
    const policy = chooseRule(text, options.namespace, engine);
    const result =
      options.offline === true
        ? undefined
        : await judgeImage(engine, text, options.namespace, AbortSignal.timeout(options.timeout * 1000));
    if (options.output === 'json') {
      const { revision } = configuration;
      const { namespace } = options;
      const body = { schemaVersion: 1, image: text, namespace, revision, policy, result };
      process.stdout.write(`${JSON.stringify(body, undefined, 2)}\n`);
    } else {
      process.stdout.write(`${formatChoice(text, policy)}\n`);
      if (result !== undefined) process.stdout.write(`\n${formatResult(result)}\n`);
    }
    return exitCodeOf(result === undefined ? choiceAsResult(policy) : [result]);
  } finally {
    await opened.close();
  }
}

interface RuleChoice {
  /** `undefined` where the reference does not parse. */
  readonly canonical: string | undefined;
  readonly why: string;
  /** Every rule that matches, the one that decides first. */
  readonly candidates: readonly { index: number; pattern: string; validator: string }[];
}

function chooseRule(text: string, namespace: string, engine: VerificationEngine): RuleChoice {
  let image: ImageReference;
  try {
    image = parseImageReference(text);
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    return { canonical: undefined, why: error.message, candidates: [] };
  }
  const { matches, reason } = engine.explain(image, namespace);
  const candidates = matches.map(({ rule: { pattern, validator }, index }) => ({
    index,
    pattern,
    validator,
  }));
  return { canonical: image.toString(), why: reason, candidates };
}

/** Without a verification, only what is certain by then: a bad reference, or no rule. */
function choiceAsResult({ canonical, candidates }: RuleChoice): readonly { outcome: string; code: string }[] {
  if (canonical === undefined) return [{ outcome: 'refused', code: 'CNS-1010' }];
  return candidates.length === 0 ? [{ outcome: 'refused', code: 'CNS-1001' }] : [];
}

function formatChoice(text: string, { canonical, why, candidates }: RuleChoice): string {
  const lines = [
    `image      ${plainText(text)}${canonical === undefined || canonical === text ? '' : `  (${canonical})`}`,
  ];
  candidates.forEach(({ index, pattern, validator }, place) => {
    const [name, mark] = place === 0 ? ['rule', '   <- decides'] : ['', ''];
    lines.push(`${name.padEnd(10)} policy[${index}]  ${pattern}  -> ${validator}${mark}`);
  });
  lines.push(`because    ${plainText(why)}`);
  return lines.join('\n');
}
