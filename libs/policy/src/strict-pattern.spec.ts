// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { parseImageReference } from '#image-ref';
import { describe, expect, test } from 'vitest';

import { assertPattern, compilePolicy, PatternError } from './index.js';
import { strictDialect } from './strict-pattern.js';

const D = `sha256:${'0123456789abcdef'.repeat(4)}`;
const OTHER = `sha256:${'f'.repeat(64)}`;

/** What each pattern is for, and the nearest images that it is not for. */
const MEANINGS: readonly (readonly [
  name: string,
  pattern: string,
  yes: readonly string[],
  no: readonly string[],
])[] = [
  ['everything', '*', ['nginx', 'ghcr.io/a/b:v1', `localhost/x@${D}`, 'xn--bcher-kva.example/x'], []],
  ['everything, with a tag', '*:*', ['nginx', 'ghcr.io/a/b:v1', `localhost/x@${D}`, '[::1]/x'], []],
  ['a tag everywhere', '*:v1', ['nginx:v1', `ghcr.io/a/b:v1@${D}`], ['nginx', 'nginx:v1.1', `nginx@${D}`]],
  [
    'pinned images everywhere',
    '*@sha256:*',
    [`nginx@${D}`, `ghcr.io/a/b:1@${D}`],
    ['nginx', 'ghcr.io/a/b:v1'],
  ],
  ['one digest everywhere', `*@${D}`, [`nginx@${D}`, `evil.example/x@${D}`], [`nginx@${OTHER}`, 'nginx']],
  [
    'R14 a short name',
    'nginx',
    ['nginx', 'docker.io/library/nginx:1', `index.docker.io/nginx@${D}`],
    ['org/nginx', 'nginx-x', 'ghcr.io/nginx', 'ghcr.io/library/nginx'],
  ],
  [
    'R11 a short name, every tag',
    'nginx:*',
    ['nginx', 'nginx:1', `nginx@${D}`, `nginx:1@${D}`],
    ['nginx2', 'org/nginx:1'],
  ],
  [
    'a short name, one tag',
    'nginx:1.25',
    ['nginx:1.25', `docker.io/nginx:1.25@${D}`],
    ['nginx:1.25-alpine', 'nginx', `nginx@${D}`],
  ],
  ['some tags', 'nginx:1.*', ['nginx:1.25', 'nginx:1.'], ['nginx:1', 'nginx:11', `nginx@${D}`]],
  [
    'a namespace of Docker Hub',
    'securesystemsengineering/*:co*',
    ['securesystemsengineering/sample:co1', 'docker.io/securesystemsengineering/a/b:co'],
    [
      'securesystemsengineering/sample:v1',
      'ghcr.io/securesystemsengineering/sample:co1',
      'securesystemsengineering-x/sample:co1',
    ],
  ],
  [
    'all of Docker Hub',
    'docker.io/*:*',
    ['nginx', 'org/app:1', `registry-1.docker.io/org/app@${D}`],
    ['ghcr.io/a/b', 'docker.io.evil.example/x', 'localhost/docker.io/x'],
  ],
  [
    'one repository',
    'docker.io/securesystemsengineering/sample',
    ['securesystemsengineering/sample', `securesystemsengineering/sample:v1@${D}`],
    [
      'securesystemsengineering/sample/x',
      'securesystemsengineering/sample-x',
      'securesystemsengineering/x/sample',
    ],
  ],
  [
    'one digest',
    `docker.io/library/redis@${D}`,
    [`redis@${D}`, `redis:7@${D}`],
    [`redis@${OTHER}`, 'redis', `org/redis@${D}`],
  ],
  ['a tag and a digest', `redis:7@${D}`, [`redis:7@${D}`], [`redis@${D}`, `redis:8@${D}`, 'redis:7']],
  [
    'a registry',
    'my.registry/*',
    ['my.registry/x', 'my.registry/a/b:v1', `my.registry/a@${D}`],
    ['my.registry:5000/x', 'x.my.registry/x', 'my.registry.evil.example/x', 'evil.example/my.registry/x'],
  ],
  [
    'R05 one image of a registry',
    'my.registry/test',
    ['my.registry/test', 'my.registry/test:v1'],
    ['my.registry/test-evil', 'my.registry/test/x', 'my.registry/x/test'],
  ],
  [
    'R01, R02, R04 k8s',
    'registry.k8s.io/*:*',
    ['registry.k8s.io/pause:3.9', `registry.k8s.io/a/b@${D}`],
    [
      'evil.example/registry.k8s.io/x:y',
      'ghcr.io/attacker/registry.k8s.io/x',
      'registry.k8s.io.evil.example/x',
      'registry.k8s.iox/x',
      'xregistry.k8s.io/x',
    ],
  ],
  [
    'any host, a namespace',
    '*/sec*/*:*',
    ['securesystemsengineering/sample:v1', 'ghcr.io/sec/x', 'ghcr.io/sec/a/b'],
    ['ghcr.io/x/sec/y', 'ghcr.io/sec', 'evil.example/ghcr.io/sec/x'],
  ],
  [
    'any host, one path',
    '*/app',
    ['ghcr.io/app', 'localhost:5000/app:1', 'docker.io/app', 'app'],
    ['ghcr.io/x/app', 'ghcr.io/app-x', 'org/app'],
  ],
  ['any host and path', '*/*', ['nginx', 'ghcr.io/a/b/c'], ['xn--bcher-kva.example/x']],
  ['at least two components', '*/*/*', ['nginx', 'ghcr.io/a/b'], ['ghcr.io/a']],
  [
    'R03 hosts below a domain',
    '*.corp.example/app/*',
    ['a.corp.example/app/x', 'a.b.corp.example/app/x/y'],
    [
      'corp.example/app/x',
      'evil.io/x.corp.example/app/y',
      'xcorp.example/app/x',
      'a.corp.example:5000/app/x',
      'a.corp.example.evil.io/app/x',
    ],
  ],
  [
    'hosts with a port',
    '*.corp.example:5000/*',
    ['a.corp.example:5000/x'],
    ['a.corp.example/x', 'a.corp.example:5001/x'],
  ],
  [
    'labels in the middle',
    '1.dkr.ecr.*.amazonaws.com/*',
    ['1.dkr.ecr.eu-west-1.amazonaws.com/x'],
    [
      '1.dkr.ecr.amazonaws.com/x',
      '1.dkr.ecr.x.amazonaws.com.evil.io/x',
      '2.dkr.ecr.eu-west-1.amazonaws.com/x',
    ],
  ],
  ['R16 capitals in a host', 'GHCR.io/acme', ['ghcr.io/acme', 'GHCR.IO/acme'], ['ghcr.io/acme/x']],
  [
    'R15 the default port',
    'ghcr.io:443/acme/*',
    ['ghcr.io/acme/x', 'ghcr.io:443/acme/x'],
    ['ghcr.io:444/acme/x'],
  ],
  ['R17 a capital makes a host', 'Foo/bar', ['Foo/bar', 'foo:443/bar'], ['foo/bar', 'foo:5000/bar']],
  ['R29 IPv6', '[0::1]:5000/*', ['[::1]:5000/x'], ['[::2]:5000/x', '[::1]/x']],
  ['R29 IPv4', '10.0.0.1:5000/*', ['10.0.0.1:5000/x'], ['10.0.0.1/x', '10.0.0.10:5000/x']],
  [
    'R30 localhost',
    'localhost/*',
    ['localhost/x', 'localhost/a/b'],
    ['localhost:5000/x', 'docker.io/localhost/x'],
  ],
  [
    'a star over slashes',
    'ghcr.io/acme/*/app',
    ['ghcr.io/acme/a/app', 'ghcr.io/acme/a/b/app'],
    ['ghcr.io/acme/app', 'ghcr.io/acme/a/app/x', 'ghcr.io/acme/a/xapp'],
  ],
  [
    'a star inside a component',
    'ghcr.io/acme-*',
    ['ghcr.io/acme-x', 'ghcr.io/acme-x/y'],
    ['ghcr.io/acme', 'ghcr.io/acmex'],
  ],
  [
    'R14 a star after the start, on Docker Hub',
    'docker.io/nginx*',
    ['nginx', 'nginx-x:1', 'nginxinc/x'],
    ['org/nginx', 'library2/nginx', 'ghcr.io/nginx'],
  ],
  [
    'a star at the start, on Docker Hub',
    'docker.io/*nginx',
    ['nginx', 'bitnami/nginx', 'xnginx'],
    ['nginx-x'],
  ],
  ['R06 stars in a row', 'ghcr.io/**/app', ['ghcr.io/a/app', 'ghcr.io/a/b/app'], ['ghcr.io/app']],
];

describe('a strict pattern is for', () => {
  test.for(MEANINGS)('%s: %s', ([, pattern, yes, no]) => {
    const policy = compilePolicy([{ pattern }], 'strict');
    const isFor = (text: string): boolean => policy.match(parseImageReference(text)) !== undefined;
    expect(yes.filter((text) => !isFor(text))).toEqual([]);
    expect(no.filter(isFor)).toEqual([]);
  });
});

describe('the form whose specificity counts', () => {
  test.for([
    { name: 'a short name', pattern: 'nginx', texts: ['docker.io/library/nginx'] },
    { name: 'an alias', pattern: 'registry-1.docker.io/nginx:1', texts: ['docker.io/library/nginx:1'] },
    { name: 'a namespace', pattern: 'org/*:*', texts: ['docker.io/org/*:*'] },
    { name: 'a host', pattern: 'GHCR.io:443/a**', texts: ['ghcr.io/a*'] },
    { name: 'everything', pattern: '**:*', texts: ['*:*'] },
    {
      name: 'two spellings',
      pattern: 'docker.io/nginx*:1',
      texts: ['docker.io/nginx*:1', 'docker.io/library/nginx*:1'],
    },
    { name: 'two spellings, any host', pattern: '*/app', texts: ['*/app', '*/library/app'] },
    { name: 'one spelling elsewhere', pattern: 'ghcr.io/app', texts: ['ghcr.io/app'] },
  ])('$name', ({ pattern, texts }) => {
    expect(strictDialect.parse(pattern).map(({ text }) => text)).toEqual(texts);
  });
});

/** The reason in strict and in connaisseur matching; `-`: a pattern there. */
const REFUSED: readonly (readonly [name: string, pattern: string, strict: string, connaisseur: string])[] = [
  ['R40 nothing', '', 'empty', 'empty'],
  ['1025 characters', 'a'.repeat(1025), 'too-long', 'too-long'],
  ['more than an image name', `ghcr.io/${'a'.repeat(250)}`, 'too-long', '-'],
  ['R06 a question mark', 'ghcr.io/a?p', 'character', 'character'],
  ['R06 a class', 'ghcr.io/[ab]', 'character', 'character'],
  ['R06 a class in front', '[a-c]x/y', 'character', 'character'],
  ['R06 hex digits in brackets', '[abc]/x', 'character', 'character'],
  ['R06 an open class in front', '[a/x', 'character', 'character'],
  ['R06, R07 alternatives', 'ghcr.io/{a/b,c}', 'character', 'character'],
  ['R08 a broken glob', 'ghcr.io/{a', 'character', 'character'],
  ['an escape', 'ghcr.io/a\\*', 'character', 'character'],
  ['R38 a regular expression', '^ghcr.io/.+$', 'character', 'character'],
  ['a blank', 'ghcr.io/a b', 'character', 'character'],
  ['R19 the Kelvin sign', 'registry.\u212a8s.io/*', 'not-ascii', 'not-ascii'],
  ['R21 a zero-width space', 'nginx\u200b', 'not-ascii', 'not-ascii'],
  ['R26 a scheme', 'https://ghcr.io/*', 'port', '-'],
  ['a registry without path', 'registry.k8s.io', 'ambiguous-host', '-'],
  ['a registry with port, without path', 'localhost:5000', 'ambiguous-host', '-'],
  ['hosts without path', '*.corp.example', 'ambiguous-host', '-'],
  ['a star in a short name', 'nginx*', 'ambiguous-host', '-'],
  ['a star in front of a short name', '*nginx:1', 'ambiguous-host', '-'],
  ['a first component that may be a host', 'docker*/*', 'ambiguous-host', '-'],
  ['a part of a label', 'docker.i*/s*', 'host', '-'],
  ['a part of the first label', '*corp.example/x', 'host', '-'],
  ['a star as last label', 'registry.*/x', 'host', '-'],
  ['a star before numbers', '10.*.0.1/x', 'host', '-'],
  ['any host on a port', '*:5000/x', 'host', '-'],
  ['R29 a number as host', '0x7f.1/x', 'host', '-'],
  ['R23 an empty label', 'ghcr..io/x', 'host', '-'],
  ['R15 port 0', 'ghcr.io:0/x', 'port', '-'],
  ['a star as port', 'ghcr.io:*/x', 'port', '-'],
  ['R28 two slashes', 'ghcr.io//x', 'path', '-'],
  ['a slash at the end', 'my.registry/', 'path', '-'],
  ['a slash in front', '/x', 'path', '-'],
  ['R18 capitals in a path', 'ghcr.io/Acme/*', 'upper-case', '-'],
  ['R18 a short name in capitals', 'NGINX', 'upper-case', '-'],
  ['a component that no image has', 'ghcr.io/-a*', 'path', '-'],
  ['two tags', 'nginx:1:2', 'tag', '-'],
  ['no tag after the colon', 'nginx:', 'tag', '-'],
  ['R31 a tag that no image has', 'nginx:-*', 'tag', '-'],
  ['a tag alone', ':v1', 'path', '-'],
  ['half a digest', 'nginx@sha256:abc', 'digest', '-'],
  ['R32 another algorithm', `nginx@sha512:${'a'.repeat(128)}`, 'digest', '-'],
  ['R34 a tag after a digest', `nginx@${D}:1`, 'digest', '-'],
  ['R34 two digests', `nginx@${D}@${D}`, 'digest', '-'],
  ['a digest in the middle', `nginx@${D}/x`, 'digest', '-'],
];

describe('no pattern', () => {
  const reasonIn = (pattern: string, matching: 'strict' | 'connaisseur'): string => {
    try {
      assertPattern(pattern, matching);
      return '-';
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      return error.reason;
    }
  };

  test.for(REFUSED)('%s', ([, pattern, strict, connaisseur]) => {
    expect([reasonIn(pattern, 'strict'), reasonIn(pattern, 'connaisseur')]).toEqual([strict, connaisseur]);
  });

  test('names its rule when a policy is compiled', () => {
    const rules = [{ pattern: '*:*' }, { pattern: 'ghcr.io/[a]' }];
    expect(() => compilePolicy(rules, 'strict')).toThrow(/^policy\[1\]\.pattern: /);
  });
});
