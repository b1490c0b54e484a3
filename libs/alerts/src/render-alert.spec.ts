// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { readFileSync } from 'node:fs';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { aDecidedImage, aDenial } from '#testing';

import { type AlertVariables, alertVariables } from './alert-variables.js';
import { type CompiledTemplate, compileTemplate } from './compile-template.js';
import { AlertRenderError } from './error.js';
import { type JsonValue, mapStrings } from './json-value.js';
import { GENERIC, limitAt, type Profile, resolveProfile } from './profile.js';
import { renderAlert } from './render-alert.js';

const CONTEXT = { clusterIdentifier: 'prod', priority: 3 };

function compiled(text: string): CompiledTemplate {
  const { template, findings } = compileTemplate({ name: 't', file: 't.json', text });
  if (template === undefined) throw new Error(JSON.stringify(findings));
  return template;
}

function render(
  template: CompiledTemplate,
  variables: AlertVariables,
  profile: Profile,
  payloadFields?: Readonly<Record<string, unknown>>,
): string {
  const rendered = renderAlert(template, variables, profile, payloadFields);
  if (rendered.kind === 'empty') throw new Error('expected a payload');
  return rendered.body;
}

function withError(error: string): AlertVariables {
  return { ...alertVariables(aDenial({ message: error }), CONTEXT), error };
}

const SHIPPED = ['slack', 'opsgenie', 'keybase', 'msteams', 'ecs-1-12-0'].map((name) => ({
  name,
  template: compiled(readFileSync(`deploy/alert-templates/${name}.json`, 'utf8')),
  profile: resolveProfile(name, 'localhost').profile,
}));

const TREE = compiled('{"a":"{{ error }}","b":{"c":"x {{ error }} y"}}');
const TEXT = compiled(
  '{"a":"{{ error }}","p":{{ priority }},"l":{{json image_list}},"i":[{{#each image_list}}"{{this}}"{{#unless @last}},{{/unless}}{{/each}}]}',
);

describe('A01, A02: nothing breaks out', () => {
  test('every code unit arrives in a machine’s payload as it was', () => {
    const anyText = fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
      .map((units) => String.fromCharCode(...units));
    fc.assert(
      fc.property(anyText, (error) => {
        expect(JSON.parse(render(TREE, withError(error), GENERIC))).toEqual({
          a: error,
          b: { c: `x ${error} y` },
        });
        expect(JSON.parse(render(TEXT, withError(error), GENERIC))).toMatchObject({ a: error, p: 3 });
      }),
      { numRuns: 300 },
    );
  });

  test.for([
    { name: 'a quote and a key', value: '","channel":"#general' },
    { name: 'a backslash at the end', value: 'x\\' },
    { name: 'line breaks', value: 'a\r\n\u2028\u2029b' },
    { name: 'NUL and DEL', value: '\0\x7f' },
    { name: 'half a surrogate pair', value: '\ud83d' },
    { name: 'an expression', value: '{{ priority }}{{{x}}}{{#each y}}' },
    { name: 'a replacement pattern', value: "$&$1$`$'" },
  ])('$name', ({ value }) => {
    const variables = { ...withError(value), image_list: [value, value] };
    expect(JSON.parse(render(TEXT, variables, GENERIC))).toEqual({
      a: value,
      p: 3,
      l: [value, value],
      i: [value, value],
    });
    expect(JSON.parse(render(TREE, variables, GENERIC))).toEqual({ a: value, b: { c: `x ${value} y` } });
  });

  test('__proto__ is an ordinary key of a template and of payloadFields', () => {
    const fields = JSON.parse('{"__proto__":{"y":2}}') as Record<string, unknown>;
    expect(render(compiled('{"a":"1","__proto__":{"x":1}}'), withError(''), GENERIC)).toBe(
      '{"a":"1","__proto__":{"x":1}}',
    );
    expect(render(compiled('{"a":"1"}'), withError(''), GENERIC, fields)).toBe(
      '{"a":"1","__proto__":{"y":2}}',
    );
  });
});

/** Any code point: `unit: 'binary'` makes a map of all of them first, a second long. */
const codePoint = fc.nat(0x10_f7ff).map((at) => String.fromCodePoint(at < 0xd800 ? at : at + 0x800));
const HOSTILE = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 60 }),
  fc.constantFrom(
    '<!here>',
    '<!channel|x>',
    '@here',
    '@everyone',
    '<https://evil|docs>',
    '[a](https://evil)',
    '<b>x</b>',
    '`*_~',
    '👩‍👩‍👧',
    '"\n\\',
  ),
  fc.integer({ min: 1000, max: 20_000 }).map((length) => '<"\n👍&\\@'.repeat(length / 8)),
);

describe.for(SHIPPED)('A03, A08, A13: shipped template $name', ({ template, profile }) => {
  test(
    'is valid JSON within the limits and with the same keys, whatever the values are',
    { tags: ['thorough'] },
    () => {
      const keys = keysOf(
        JSON.parse(render(template, alertVariables(aDenial(), CONTEXT), profile)) as JsonValue,
      );
      fc.assert(
        fc.property(HOSTILE, HOSTILE, fc.integer({ min: 0, max: 64 }), (error, image, count) => {
          const images = Array.from({ length: count }, () => aDecidedImage({ image, outcome: 'refused' }));
          const record = aDenial({
            message: error,
            name: error,
            namespace: image,
            images,
            imageCount: count + 7,
          });
          const body = render(
            template,
            alertVariables(record, { clusterIdentifier: image, priority: 3 }),
            profile,
          );
          expect(Buffer.byteLength(body)).toBeLessThanOrEqual(profile.maxBodyBytes);
          const value = JSON.parse(body) as JsonValue;
          expect(keysOf(value)).toEqual(keys);
          assertWithin(value, profile);
        }),
        { numRuns: 40 },
      );
    },
  );
});

function keysOf(value: JsonValue): readonly string[] {
  const paths: string[] = [];
  mapStrings(value, (text, { path }) => {
    paths.push(path);
    return text;
  });
  return paths;
}

/** Every string within its limit, and no string that a receiver would read as a mention, a link or half a character. */
function assertWithin(value: JsonValue, profile: Profile): void {
  mapStrings(value, (text, position) => {
    expect(text.length).toBeLessThanOrEqual(limitAt(profile, position)?.maxCharacters ?? Infinity);
    if (profile.name === 'ecs') return text;
    expect(text.isWellFormed()).toBe(true);
    if (profile.name === 'slack' && !position.types.includes('plain_text')) {
      expect(text.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toMatch(/[&<>]/);
    }
    if (profile.name === 'keybase') expect(text.replace(/^@here /, '')).not.toMatch(/@(?!sha256:|\u200b|…)/);
    return text;
  });
}

test.for<{ name: string; profile: string; template: string; value: string; text: string }>([
  {
    name: 'a mention in mrkdwn',
    profile: 'slack',
    template: '{"text":"{{error}}"}',
    value: '<!here> & <@U1>',
    text: '&lt;!here&gt; &amp; &lt;@U1&gt;',
  },
  {
    name: 'a named link in mrkdwn',
    profile: 'slack',
    template: '{"text":"{{error}}"}',
    value: '<https://evil|docs>',
    text: '&lt;https://evil|docs&gt;',
  },
  {
    name: 'the end of a code span in mrkdwn',
    profile: 'slack',
    template: '{"text":"`{{error}}`"}',
    value: 'a` *b*',
    text: '`aˋ *b*`',
  },
  {
    name: 'plain text stays readable',
    profile: 'slack',
    template: '{"text":{"type":"plain_text","text":"{{error}}"}}',
    value: 'a & <b>',
    text: 'a & <b>',
  },
  {
    name: 'a line of its own',
    profile: 'slack',
    template: '{"text":"{{error}}"}',
    value: 'a\n*Decision*: admitted',
    text: 'a *Decision*: admitted',
  },
  {
    name: 'A11: colours and directions',
    profile: 'slack',
    template: '{"text":"{{error}}"}',
    value: '\u001b[31mred\u202edlo',
    text: ' [31mreddlo',
  },
  {
    name: 'a mention in Keybase',
    profile: 'keybase',
    template: '{"msg":"{{error}}"}',
    value: '@here *b* `c`',
    text: '@\u200bhere \\*b\\* \\`c\\`',
  },
  {
    name: 'a digest in Keybase stays whole',
    profile: 'keybase',
    template: '{"msg":"{{error}}"}',
    value: 'a@sha256:12',
    text: 'a@sha256:12',
  },
  {
    name: 'a link in a card',
    profile: 'msteams',
    template: '{"type":"TextBlock","text":"{{error}}"}',
    value: '[a](https://evil)',
    text: '\\[a\\]\\(https://evil\\)',
  },
  {
    name: 'a text run in a card has no markup',
    profile: 'msteams',
    template: '{"type":"TextRun","text":"{{error}}"}',
    value: '[a]*b*',
    text: '[a]*b*',
  },
  {
    name: 'HTML in Opsgenie',
    profile: 'opsgenie',
    template: '{"message":"{{error}}"}',
    value: '<b>x</b>',
    text: '‹b›x‹/b›',
  },
  {
    name: 'a machine gets it as it is',
    profile: 'ecs',
    template: '{"message":"{{error}}"}',
    value: '<b>\n@x',
    text: '<b>\n@x',
  },
  {
    name: 'mrkdwn in a text template',
    profile: 'slack',
    template: '{"text":"{{error}}","p":{{priority}}}',
    value: '<!here>',
    text: '&lt;!here&gt;',
  },
  {
    name: 'a list in a text template',
    profile: 'slack',
    template: '{"text":{{json image_list}}}',
    value: '<!here>',
    text: '&lt;!here&gt;',
  },
])('A03: $name', ({ profile, template, value, text }) => {
  const body = render(
    compiled(template),
    { ...withError(value), image_list: [value] },
    resolveProfile(profile === 'ecs' ? 'ecs' : profile, 'x').profile,
  );
  const texts: string[] = [];
  mapStrings(JSON.parse(body) as JsonValue, (found, { path }) => {
    if (!path.endsWith('/type')) texts.push(found);
    return found;
  });
  expect(texts).toEqual([text]);
});

describe('limits', () => {
  const slack = resolveProfile('slack', 'x').profile;
  const opsgenie = resolveProfile('opsgenie', 'x').profile;

  test('an entity is not cut', () => {
    const body = render(
      compiled('{"blocks":[{"type":"header","text":{"type":"mrkdwn","text":"{{error}}"}}]}'),
      withError('<'.repeat(200)),
      slack,
    );
    expect(body).toContain(`${'&lt;'.repeat(37)}…`);
  });

  test('a surrogate pair is not cut', () => {
    const { message } = JSON.parse(
      render(compiled('{"message":"x{{error}}"}'), withError('👍'.repeat(100)), opsgenie),
    ) as { message: string };
    expect(message).toBe(`x${'👍'.repeat(64)}…`);
  });

  test('long lists are cut', () => {
    const tags = Array.from({ length: 30 }, (_, index) => `t${index}`);
    const body = JSON.parse(
      render(compiled(JSON.stringify({ message: 'm', tags })), withError(''), opsgenie),
    ) as { tags: string[] };
    expect(body.tags).toHaveLength(20);
  });

  test('a whole message that is too long loses text, not structure', () => {
    const fields = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`f${index}`, '{{error}}']));
    const body = render(compiled(JSON.stringify(fields)), withError('x'.repeat(2900)), slack);
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(10_000);
    expect(Object.keys(JSON.parse(body) as object)).toHaveLength(40);
  });

  test('A08: what cannot be made to fit is an error', () => {
    const fields = { big: 'x'.repeat(20_000) };
    expect(() => render(compiled('{"a":"b"}'), withError(''), slack, fields)).toThrow(AlertRenderError);
    expect(render(compiled('{"a":"b"}'), withError(''), slack, { big: 'x'.repeat(2000) })).toContain('xxx');
  });
});

describe('payloadFields', () => {
  test('overwrite whole top-level members', () => {
    const template = compiled('{"message":"{{ images }}","details":{"a":"1","b":"2"}}');
    const body = render(template, withError(''), GENERIC, { details: { c: 3 }, responders: [{ name: 'x' }] });
    expect(JSON.parse(body)).toEqual({
      message: 'ghcr.io/acme/api:1.4.2',
      details: { c: 3 },
      responders: [{ name: 'x' }],
    });
  });

  test('an empty template is skipped, not sent', () => {
    expect(renderAlert(compiled(''), withError(''), GENERIC, { a: 1 })).toEqual({ kind: 'empty' });
  });
});

test.for([
  { name: 'upper', text: '{{upper code}}', result: 'CNS-1004' },
  { name: 'lower', text: '{{lower kind}}', result: 'pod' },
  { name: 'truncate', text: '{{truncate images 6}}', result: 'ghcr.…' },
  { name: 'join', text: "{{join image_list ' | '}}", result: 'ghcr.io/acme/api:1.4.2' },
  { name: 'join with commas', text: '{{join rejected_images}}', result: 'ghcr.io/acme/api:1.4.2' },
  { name: 'default', text: "{{default user 'nobody'}} {{default kind 'x'}}", result: 'nobody Pod' },
  {
    name: 'date',
    text: "{{date timestamp 'date'}} {{date timestamp 'time'}}",
    result: '2026-11-20 08:30:00',
  },
  { name: 'date, unix', text: "{{date timestamp 'unix'}}", result: '1795163400' },
  {
    name: 'date of something else',
    text: "{{date kind 'date'}} {{date timestamp}}",
    result: 'Pod 2026-11-20T08:30:00.123Z',
  },
  { name: 'eq', text: "{{#if (eq code 'CNS-1004')}}yes{{else}}no{{/if}}", result: 'yes' },
  { name: 'json in a string', text: '{{json image_list}}', result: '["ghcr.io/acme/api:1.4.2"]' },
  { name: 'a list by itself', text: '{{ image_list }}', result: 'ghcr.io/acme/api:1.4.2' },
  { name: 'each with else', text: '{{#each digests}}x{{else}}none{{/each}}', result: 'none' },
  { name: 'unless', text: '{{#unless user}}no user{{/unless}}', result: 'no user' },
  { name: 'literals', text: "{{ 'a' }}{{ 1 }}{{ true }}", result: 'a1true' },
])('function: $name', ({ text, result }) => {
  const body = render(compiled(JSON.stringify({ a: text })), alertVariables(aDenial(), CONTEXT), GENERIC);
  expect(JSON.parse(body)).toEqual({ a: result });
});
