import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseChallenges } from './challenge.js';

const DOCKER =
  'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull"';

test.for<{
  name: string;
  header: string;
  challenges: readonly (readonly [string, Record<string, string>])[] | undefined;
}>([
  {
    name: 'Docker Hub',
    header: DOCKER,
    challenges: [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:library/nginx:pull',
        },
      ],
    ],
  },
  {
    name: 'Basic',
    header: 'Basic realm="Registry Realm"',
    challenges: [['basic', { realm: 'Registry Realm' }]],
  },
  {
    name: 'two challenges',
    header: 'Basic realm="a, b", Bearer realm="https://x/t" , service=y',
    challenges: [
      ['basic', { realm: 'a, b' }],
      ['bearer', { realm: 'https://x/t', service: 'y' }],
    ],
  },
  {
    name: 'a scheme alone',
    header: 'Negotiate, Basic realm=x',
    challenges: [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  },
  {
    name: 'a token68',
    header: 'Negotiate YWJj==, Basic realm=x',
    challenges: [
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  },
  {
    name: 'an escaped quote',
    header: String.raw`Basic realm="a\"b"`,
    challenges: [['basic', { realm: 'a"b' }]],
  },
  {
    name: 'names in any case',
    header: 'BEARER Realm="https://x/"',
    challenges: [['bearer', { realm: 'https://x/' }]],
  },
  { name: 'nothing', header: '', challenges: [] },
  { name: 'G23 realm twice', header: 'Bearer realm="https://a/",realm="https://b/"', challenges: undefined },
  {
    name: 'G23 realm twice, other case',
    header: 'Bearer realm="https://a/",REALM="https://b/"',
    challenges: undefined,
  },
  { name: 'an open quote', header: 'Bearer realm="https://a/', challenges: undefined },
  { name: 'text after a quote', header: 'Bearer realm="https://a/"x', challenges: undefined },
  { name: 'a control character', header: 'Bearer realm="\u0000"', challenges: undefined },
  { name: 'too long', header: `Bearer realm="${'a'.repeat(9_000)}"`, challenges: undefined },
])('$name', ({ header, challenges }) => {
  const parsed = parseChallenges(header)?.map(({ scheme, parameters }) => [
    scheme,
    Object.fromEntries(parameters),
  ]);
  expect(parsed).toEqual(challenges);
});

test('any header gives challenges or undefined', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('Bearer', 'realm', 'x', '"', ',', '=', '\\', ' ', '\t'),
        maxLength: 60,
      }),
      (header) => {
        const parsed = parseChallenges(header);
        expect(parsed === undefined || Array.isArray(parsed)).toBe(true);
      },
    ),
  );
});
