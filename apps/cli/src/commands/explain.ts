import { exitCodeOf } from '../exit-code.js';
import { judgeImage } from '../judge-image.js';
import { openPolicy, type PolicyOptions } from '../policy-file.js';
import { formatResult } from '../print-result.js';
import { ImageReferenceError, parseImageReference } from '#image-ref';

export interface ExplainOptions extends PolicyOptions {
  readonly output: 'text' | 'json';
  readonly timeout: number;
  /** Only the choice of the rule; nothing is fetched. */
  readonly offline: boolean;
}

/** `connaisseur explain`: which rules match, why the winner won, and what the verification finds step by step. */
export async function explain(text: string, options: ExplainOptions): Promise<number> {
  const { engine, configuration, close } = openPolicy(options);
  const explanation = explainRule(text, engine);
  const result = options.offline
    ? undefined
    : await judgeImage(engine, text, AbortSignal.timeout(options.timeout * 1000));
  await close();
  if (options.output === 'json') {
    const body = {
      schemaVersion: 1,
      image: text,
      revision: configuration.revision,
      policy: explanation,
      result,
    };
    process.stdout.write(`${JSON.stringify(body, undefined, 2)}\n`);
  } else {
    process.stdout.write(`${formatExplanation(text, explanation)}\n`);
    if (result !== undefined) process.stdout.write(`\n${formatResult(result)}\n`);
  }
  return result === undefined ? 0 : exitCodeOf([result]);
}

interface RuleChoice {
  readonly canonical: string | undefined;
  readonly why: string;
  readonly candidates: readonly { index: number; pattern: string; validator: string }[];
}

function explainRule(text: string, engine: ReturnType<typeof openPolicy>['engine']): RuleChoice {
  try {
    const image = parseImageReference(text);
    const { matches, reason } = engine.explain(image);
    return {
      canonical: image.toString(),
      why: reason,
      candidates: matches.map(({ rule, index }) => ({
        index,
        pattern: rule.pattern,
        validator: rule.validator,
      })),
    };
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    return { canonical: undefined, why: error.message, candidates: [] };
  }
}

function formatExplanation(text: string, { canonical, why, candidates }: RuleChoice): string {
  const lines = [
    `image      ${text}${canonical === undefined || canonical === text ? '' : `  (${canonical})`}`,
  ];
  candidates.forEach(({ index, pattern, validator }, place) => {
    lines.push(
      `${place === 0 ? 'rule      ' : '          '} policy[${index}]  ${pattern}  -> ${validator}${place === 0 ? '   <- decides' : ''}`,
    );
  });
  lines.push(`because    ${why}`);
  return lines.join('\n');
}
