import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { Verdict, VerificationReply, VerificationRequest } from '#contracts';

import { readBusKeys } from '../keys/bus-keys.js';
import { generateBusKeys } from '../keys/generate-bus-keys.js';
import { EnvelopeError } from './error.js';
import { isBoundTo, openReply, sealReply } from './reply-envelope.js';
import { MAX_BODY_BYTES, openRequest, sealRequest } from './request-envelope.js';
import { openText, sealText } from './signed-text.js';

const { requests, verdicts } = readBusKeys(generateBusKeys('k1'));
if (requests === undefined || verdicts === undefined) throw new Error('expected keys');

const REQUEST: VerificationRequest = {
  v: 1,
  cluster: 'c',
  nonce: 'ab'.repeat(16),
  gateway: 'gw-1',
  image: 'docker.io/library/nginx:1',
  rule: 'c'.repeat(64),
  revision: 'd'.repeat(64),
  budgetMs: 5000,
  attempt: 0,
};
const ADMITTED: Verdict = {
  outcome: 'admitted',
  ground: 'verified',
  digest: `sha256:${'a'.repeat(64)}`,
  evidence: [],
  tookMs: 1,
};
const { gateway: _gateway, budgetMs: _budgetMs, attempt: _attempt, ...BOUND } = REQUEST;
const REPLY: VerificationReply = { kind: 'verdict', ...BOUND, verifier: 'v', verdict: ADMITTED };

function codeOf(task: () => unknown): string {
  try {
    task();
    return 'ok';
  } catch (error) {
    expect(error).toBeInstanceOf(EnvelopeError);
    return error instanceof EnvelopeError ? error.code : 'other';
  }
}

/** A request with a valid MAC over whatever body. */
function sealBody(body: string): string[] {
  const { kid, mac } = requests?.sign('connaisseur/request/v1', body) ?? { kid: '', mac: '' };
  return ['body', body, 'kid', kid, 'mac', mac];
}

describe('a request envelope', () => {
  const fields = sealRequest(REQUEST, requests);
  const changed = (index: number, value: string): string[] => fields.with(index, value);

  test('carries the request', () => {
    expect(openRequest(fields, requests)).toEqual(REQUEST);
  });

  test.for([
    { name: 'no field', given: [], code: 'shape' },
    { name: 'a field too many', given: [...fields, 'x', 'y'], code: 'shape' },
    { name: 'fields in another order', given: [...fields.slice(2), ...fields.slice(0, 2)], code: 'shape' },
    {
      name: 'a changed body',
      given: changed(1, fields[1]?.replace('nginx', 'other') ?? ''),
      code: 'authentication',
    },
    { name: 'H24 an unknown key', given: changed(3, 'k2'), code: 'authentication' },
    { name: 'H16 a key called __proto__', given: changed(3, '__proto__'), code: 'authentication' },
    { name: 'H23 an empty MAC', given: changed(5, ''), code: 'authentication' },
    { name: 'H16 a body above the bound', given: changed(1, 'x'.repeat(MAX_BODY_BYTES + 1)), code: 'size' },
    { name: 'H16 a body above the bound in bytes only', given: changed(1, '€'.repeat(22_000)), code: 'size' },
    { name: 'authentic text that is no JSON', given: sealBody('{'), code: 'schema' },
    { name: 'authentic JSON that is no request', given: sealBody('[]'), code: 'schema' },
    { name: 'an unknown field', given: sealBody(JSON.stringify({ ...REQUEST, x: 1 })), code: 'schema' },
    {
      name: 'H16 a field called __proto__',
      given: sealBody(JSON.stringify(REQUEST).replace('{', '{"__proto__":{"v":1},')),
      code: 'schema',
    },
    { name: 'H16 a wrong type', given: sealBody(JSON.stringify({ ...REQUEST, v: '1' })), code: 'schema' },
    {
      name: 'a gateway whose name would leave its key',
      given: sealBody(JSON.stringify({ ...REQUEST, gateway: 'a}b:c' })),
      code: 'schema',
    },
    {
      name: 'another protocol, with what it adds',
      given: sealBody(JSON.stringify({ ...REQUEST, v: 2, x: 1 })),
      code: 'ok',
    },
    {
      name: 'another protocol without a nonce',
      given: sealBody(JSON.stringify({ ...REQUEST, v: 2, nonce: 1 })),
      code: 'schema',
    },
  ])('with $name: $code', ({ given, code }) => {
    expect(codeOf(() => openRequest(given, requests))).toBe(code);
  });

  test('nobody gets in with fields of their own making', () => {
    const text = fc.string({ maxLength: 80 });
    fc.assert(
      fc.property(text, text, text, (body, kid, mac) => {
        expect(codeOf(() => openRequest(['body', body, 'kid', kid, 'mac', mac], requests))).toBe(
          'authentication',
        );
      }),
    );
  });
});

describe('a reply envelope', () => {
  const text = sealReply(REPLY, verdicts);

  test('carries the reply', () => {
    expect(openReply(text, verdicts)).toEqual(REPLY);
  });

  test.for([
    {
      name: 'a changed byte of the body',
      given: text.replace('admitted', 'Admitted'),
      code: 'authentication',
    },
    { name: 'another key id', given: text.replace(/^k1/, 'k2'), code: 'authentication' },
    {
      name: 'a signature for another domain',
      given: sealText('other', JSON.stringify(REPLY), verdicts),
      code: 'authentication',
    },
    { name: 'no dot', given: 'abc', code: 'shape' },
    { name: 'no key id', given: '.a.b', code: 'shape' },
    { name: 'H16 a text above the bound', given: 'x'.repeat(MAX_BODY_BYTES + 200), code: 'size' },
    {
      name: 'authentic text that is no JSON',
      given: sealText('connaisseur/reply/v1', 'x', verdicts),
      code: 'schema',
    },
    {
      name: 'an authentic reply with room for more',
      given: sealText('connaisseur/reply/v1', JSON.stringify({ ...REPLY, x: 1 }), verdicts),
      code: 'schema',
    },
    {
      name: 'an authentic admission with a short digest',
      given: sealText(
        'connaisseur/reply/v1',
        JSON.stringify({ ...REPLY, verdict: { ...ADMITTED, digest: 'sha256:aa' } }),
        verdicts,
      ),
      code: 'schema',
    },
  ])('with $name: $code', ({ given, code }) => {
    expect(codeOf(() => openReply(given, verdicts))).toBe(code);
  });

  test.for([
    { name: 'the same question', change: {}, bound: true },
    { name: 'another nonce', change: { nonce: '00'.repeat(16) }, bound: false },
    { name: 'H04 another image', change: { image: 'docker.io/library/other:1' }, bound: false },
    { name: 'H03 another rule', change: { rule: 'e'.repeat(64) }, bound: false },
    { name: 'H03 another revision', change: { revision: 'e'.repeat(64) }, bound: false },
    { name: 'H25 another cluster', change: { cluster: 'x' }, bound: false },
    { name: 'another protocol', change: { v: 2 }, bound: false },
  ])('is bound to $name: $bound', ({ change, bound }) => {
    expect(isBoundTo({ ...REPLY, ...change }, REQUEST)).toBe(bound);
  });

  test('leaves evidence out rather than not arrive', () => {
    const step = { step: 'rule' as const, ok: true, text: '€'.repeat(512) };
    const verdict = { ...ADMITTED, evidence: Array.from({ length: 64 }, () => step) };
    const opened = openReply(sealReply({ ...REPLY, verdict }, verdicts), verdicts);
    expect(opened.kind === 'verdict' && opened.verdict.evidence.length).toBe(32);
  });

  test('every text survives, whatever is in it', () => {
    // `unit: 'binary'` makes a map of all code points first, a second long.
    const codePoint = fc.nat(0x10_f7ff).map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
    fc.assert(
      fc.property(fc.string({ unit: codePoint, maxLength: 200 }), (body) => {
        expect(openText('d', sealText('d', body, verdicts), verdicts)).toBe(body);
      }),
      { numRuns: 50 },
    );
  });
});
