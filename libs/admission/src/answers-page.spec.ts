import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { CODES } from '#validator';

import { admit, allBut, proven } from '../test/judge.js';
import { KINDS, reviewOf } from '../test/review.js';
import { answerStatus } from './answer-status.js';
import type { Decision } from './decide.js';
import { headline } from './denial-message.js';
import type { Ground } from './ground.js';
import type { SiteJudgement } from './judgement.js';
import { renderAnswer } from './render-answer.js';

const PAGE = readFileSync(new URL('../../../docs/reference/answers.md', import.meta.url), 'utf8');
const API = 'ghcr.io/acme/api:1.4.2';
const PROXY = 'ghcr.io/acme/proxy:2';

/** The fenced block behind `<!-- example: name -->`. */
function example(name: string): string | undefined {
  return new RegExp(`<!-- example: ${name} -->\\n\\n\`\`\`text\\n([^\`]*)\\n\`\`\``).exec(PAGE)?.[1];
}

/** The cells of all table rows whose first cell is this. */
function row(first: string): readonly string[] | undefined {
  const line = PAGE.split('\n').find((text) => text.startsWith('|') && text.split('|')[1]?.trim() === first);
  return line
    ?.split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

const request = { uid: '6b1f1c9e-0f6c-4d3a-9d6e-5a1f0c9e7b42' };
const spec = (...containers: readonly (readonly [string, unknown])[]): { containers: unknown[] } => ({
  containers: containers.map(([name, image]) => ({ name, image })),
});
const three = reviewOf({
  kind: 'Deployment',
  spec: spec(['api', API], ['proxy', PROXY], ['web', 'ghcr.io/acme/web:1']),
  request,
});
const one = reviewOf({ kind: 'Job', spec: spec(['api', API]), request });

const unsigned: SiteJudgement = { outcome: 'refused', code: 'CNS-1003' };
const untrusted: SiteJudgement = {
  ...proven(API),
  outcome: 'refused',
  code: 'CNS-1004',
  found: '1 signature, key SHA256:9f2c..d1',
  expected: 'key SHA256:41aa..07 of trust root release',
  next: 'sign it with a key that the rule trusts',
};
const unreachable: SiteJudgement = { outcome: 'undecided', code: 'CNS-2004' };

function firstLine(decision: Decision): string | undefined {
  return decision.kind === 'deny' ? headline(decision) : undefined;
}

function warning(mode: 'detect' | 'podsOnly'): string | undefined {
  return renderAnswer(admit(one, { mode, judge: () => unsigned }), { revision: '' }).response.warnings?.[0];
}

describe('examples', () => {
  test('refused', () => {
    const decision = admit(three, { judge: allBut({ [API]: untrusted, [PROXY]: unreachable }) });
    expect(example('refused')).toBe(renderAnswer(decision, { revision: '' }).response.status?.message);
  });

  test('timeout', () => {
    const decision = admit(three, {
      judge: allBut({ [API]: undefined, [PROXY]: undefined }),
      timedOut: true,
    });
    expect(example('timeout')).toBe(firstLine(decision));
  });

  test('unknown-kind', () => {
    const rollouts = { group: 'argoproj.io', version: 'v1', resource: 'rollouts' };
    const kind = { group: 'argoproj.io', version: 'v1', kind: 'Rollout' };
    expect(example('unknown-kind')).toBe(
      firstLine(admit(reviewOf({ request: { kind, resource: rollouts, object: {} } }))),
    );
  });

  test('no-image', () => {
    const decision = admit(reviewOf({ spec: spec(['main', undefined], ['other', 'nginx']) }));
    expect(example('no-image')).toBe(firstLine(decision));
  });

  test('unpinned', () => {
    const decision = admit(reviewOf({ spec: spec(['a', 'nginx:1.27']) }), { phase: 'validate' });
    expect(example('unpinned')).toBe(firstLine(decision));
  });

  test.for(['detect', 'podsOnly'] as const)('%s', (mode) => {
    expect(example(mode)).toBe(warning(mode));
  });
});

describe('tables', () => {
  test.for(Object.entries(CODES))('%s', ([code, { title, next }]) => {
    expect(row(code)).toEqual([title, next]);
  });

  test('every ground, and no other', () => {
    const patched: Record<Ground['kind'], string> = {
      verified: 'yes',
      static: 'no',
      child: 'no',
      unchanged: 'no',
    };
    const cells = Object.keys(patched).map((ground) => [ground, row(`\`${ground}\``)?.[1]]);
    expect(Object.fromEntries(cells)).toEqual(patched);
  });

  test('every audit annotation, and no other', () => {
    const denied = renderAnswer(admit(three, { judge: allBut({ [API]: untrusted }) }), { revision: 'r' });
    for (const key of Object.keys(denied.response.auditAnnotations ?? {}))
      expect(row(`\`${key}\``)).toBeDefined();
    expect(Object.keys(denied.response.auditAnnotations ?? {})).toHaveLength(7);
  });

  test.for([
    { name: 'CNS-1xxx', judgement: unsigned },
    { name: 'CNS-2xxx', judgement: unreachable },
    { name: 'CNS-3xxx', judgement: { outcome: 'undecided', code: 'CNS-3002' } as SiteJudgement },
  ])('$name', ({ name, judgement }) => {
    const decision = admit(one, { judge: () => judgement });
    const status = decision.kind === 'deny' ? answerStatus(decision, false) : undefined;
    const line = PAGE.split('\n').find((text) => text.startsWith(`| \`${name}\``));
    expect(line).toContain(`| ${status?.code} `);
    if (status?.reason !== undefined) expect(line).toContain(`\`${status.reason}\``);
    if (status?.details !== undefined) expect(line).toContain(`: ${status.details.retryAfterSeconds}`);
  });

  test('every kind is named', () => {
    for (const { kind } of KINDS) expect(PAGE).toMatch(new RegExp(`\\b${kind}s\\b`));
  });
});
