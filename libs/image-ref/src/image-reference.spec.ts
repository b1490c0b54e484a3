// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { digestOf, ImageReference, ImageReferenceError, parseDigest, parseImageReference } from './index.js';

const H = '0123456789abcdef'.repeat(4);
const D = `sha256:${H}`;
const LABEL_63 = 'l'.repeat(63);

function faultOf(text: string): string {
  try {
    return `accepted as ${parseImageReference(text).toString()}`;
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
    expect(error.code).toBe('CNS-1010');
    return error.fault;
  }
}

/** The first column names the catalogue row and what is special about the text. */
const GOOD: readonly (readonly [name: string, text: string, canonical: string])[] = [
  ['R13 no tag', 'nginx', 'docker.io/library/nginx:latest'],
  ['R13 the default tag written out', 'nginx:latest', 'docker.io/library/nginx:latest'],
  ['R14 library', 'library/nginx', 'docker.io/library/nginx:latest'],
  ['R14 docker.io', 'docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['R14 docker.io/library', 'docker.io/library/nginx', 'docker.io/library/nginx:latest'],
  ['R14 index.docker.io', 'index.docker.io/nginx:1', 'docker.io/library/nginx:1'],
  ['R14 registry-1.docker.io', 'registry-1.docker.io/library/nginx', 'docker.io/library/nginx:latest'],
  ['R14 registry.hub.docker.com', 'registry.hub.docker.com/nginx:1', 'docker.io/library/nginx:1'],
  ['R14 the port that https has anyway', 'docker.io:443/nginx', 'docker.io/library/nginx:latest'],
  ['R14 capitals', 'Docker.IO/nginx', 'docker.io/library/nginx:latest'],
  ['R14 another port is another host', 'docker.io:5000/nginx', 'docker.io:5000/nginx:latest'],
  ['R14 an alias that is not listed', 'registry-2.docker.io/nginx', 'registry-2.docker.io/nginx:latest'],
  ['a digest and no tag', `nginx@${D}`, `docker.io/library/nginx@${D}`],
  ['a digest keeps its tag', `nginx:1.25@${D}`, `docker.io/library/nginx:1.25@${D}`],
  ['docker.io, digest, no library', `docker.io/nginx@${D}`, `docker.io/library/nginx@${D}`],
  ['docker.io, tag, digest, no library', `docker.io/nginx:1@${D}`, `docker.io/library/nginx:1@${D}`],
  ['a namespace of Docker Hub', `docker.io/org/app:1@${D}`, `docker.io/org/app:1@${D}`],
  ['nested namespaces', 'a/b/c/d', 'docker.io/a/b/c/d:latest'],
  ['a port', `reg.io:5000/app:1@${D}`, `reg.io:5000/app:1@${D}`],
  ['R15 the default port goes', 'reg.io:443/app', 'reg.io/app:latest'],
  ['R15 the last port', 'reg.io:65535/app', 'reg.io:65535/app:latest'],
  ['R16 capitals in a host', 'GHCR.io/x/y', 'ghcr.io/x/y:latest'],
  ['R16 a tag keeps its capitals', 'MyReg.IO:443/app:Tag', 'myreg.io/app:Tag'],
  ['R17 a capital makes a host', 'Foo/bar', 'foo:443/bar:latest'],
  ['R17 which reads as the same host again', 'foo:443/bar', 'foo:443/bar:latest'],
  ['R30 localhost', 'localhost/app:1', 'localhost/app:1'],
  ['R30 localhost with a port', 'localhost:5000/app', 'localhost:5000/app:latest'],
  ['R30 LOCALHOST', 'LOCALHOST/app', 'localhost/app:latest'],
  ['R30 no dot and no colon: a namespace', 'foo/bar', 'docker.io/foo/bar:latest'],
  ['R30 a colon makes a host', 'foo:5000/bar', 'foo:5000/bar:latest'],
  ['without a slash it is a tag', 'foo:5000', 'docker.io/library/foo:5000'],
  ['without a slash it is a name', 'example.com', 'docker.io/library/example.com:latest'],
  ['R22 punycode', 'xn--bcher-kva.example/app', 'xn--bcher-kva.example/app:latest'],
  ['R29 dotted decimal', '127.0.0.1:5000/app', '127.0.0.1:5000/app:latest'],
  ['R29 IPv6', '[::1]:5000/app', '[::1]:5000/app:latest'],
  ['R29 IPv6 at length', '[0:0:0:0:0:0:0:1]/app', '[::1]/app:latest'],
  ['R29 IPv6 in capitals', '[FE80::1]/app', '[fe80::1]/app:latest'],
  ['R29 a number that is no last label', '10.0.0.1.example/app', '10.0.0.1.example/app:latest'],
  ['one letter', 'a', 'docker.io/library/a:latest'],
  ['one letter on a host', 'ghcr.io/x', 'ghcr.io/x:latest'],
  ['every separator', 'a.b/c_d/e__f/g---h/i.j', 'a.b/c_d/e__f/g---h/i.j:latest'],
  ['R31 128 characters of tag', `foo:${'t'.repeat(128)}`, `docker.io/library/foo:${'t'.repeat(128)}`],
  ['R31 an underscore leads a tag', 'foo:_1', 'docker.io/library/foo:_1'],
  ['R31 255 characters of name', `ghcr.io/${'p'.repeat(247)}`, `ghcr.io/${'p'.repeat(247)}:latest`],
  ['R23 63 characters of label', `${LABEL_63}.io/x`, `${LABEL_63}.io/x:latest`],
  ['R35 64 hex digits and a tag', `${H}:1`, `docker.io/library/${H}:1`],
  ['R35 63 hex digits', H.slice(1), `docker.io/library/${H.slice(1)}:latest`],
  ['R43 constructor', 'constructor', 'docker.io/library/constructor:latest'],
];

const BAD: readonly (readonly [name: string, text: string, fault: string])[] = [
  ['nothing', '', 'empty'],
  ['1025 characters', 'A'.repeat(1025), 'too-long'],
  ['1024 characters', 'A'.repeat(1024), 'upper-case'],
  ['R15 leading zero', 'reg.io:0443/app', 'port'],
  ['R15 port 0', 'reg.io:0/app', 'port'],
  ['R15 65536', 'reg.io:65536/app', 'port'],
  ['R15 an empty port', 'reg.io:/app', 'port'],
  ['R15 a port of letters', 'foo:bar/baz', 'port'],
  ['R18 capitals in a path', 'foo/Bar', 'upper-case'],
  ['R18 capitals on a host', 'ghcr.io/Org/app', 'upper-case'],
  ['R18 capitals and no slash', 'NGINX', 'upper-case'],
  ['R19 the Kelvin sign', 'registry.\u212a8s.io/x', 'not-ascii'],
  ['R19 the long s', 'regi\u017ftry.k8s.io/x', 'not-ascii'],
  ['R20 the ideographic full stop', 'registry\u3002k8s.io/x', 'not-ascii'],
  ['R20 the full-width full stop', 'registry\uff0ek8s.io/x', 'not-ascii'],
  ['R21 zero-width space', 'nginx\u200b', 'not-ascii'],
  ['R21 right-to-left override', 'nginx\u202e:1', 'not-ascii'],
  ['R21 combining mark', 'nginx\u0301', 'not-ascii'],
  ['R21 umlaut', 'ümlaut', 'not-ascii'],
  ['R21 lone surrogate', 'nginx\ud800', 'not-ascii'],
  ['R21 NUL', 'nginx\u0000', 'character'],
  ['R21 DEL', 'nginx\u007f', 'character'],
  ['R21 tab', 'nginx\t', 'character'],
  ['R21 newline at the end', 'nginx\n', 'character'],
  ['R21 newline after a digest', `nginx@${D}\n`, 'character'],
  ['R22 what punycode stands for', 'bücher.example/app', 'not-ascii'],
  ['R23 trailing dot', 'reg.io./app', 'host'],
  ['R23 empty label', 'reg..io/app', 'host'],
  ['R23 leading dot', '.io/app', 'host'],
  ['R23 64 characters of label', `${LABEL_63}l.io/x`, 'host'],
  ['R23 254 characters of host', `${`${'l'.repeat(49)}.`.repeat(5)}abcd/x`, 'host'],
  ['R23 a label that starts with a dash', '-a.io/x', 'host'],
  ['R23 a label that ends with a dash', 'a-.io/x', 'host'],
  ['R23 an underscore in a host', 'a_b.io/x', 'host'],
  ['R24 leading blank', ' nginx', 'character'],
  ['R24 trailing blank', 'nginx ', 'character'],
  ['R25 %2f', 'foo%2fbar', 'character'],
  ['R25 %40', `foo%40${D}`, 'character'],
  ['R26 https', 'https://ghcr.io/x/y', 'scheme'],
  ['R26 http', 'http://ghcr.io/x/y', 'scheme'],
  ['R26 docker', 'docker://nginx', 'scheme'],
  ['R26 oci', 'oci://ghcr.io/x', 'scheme'],
  ['R27 user and password', 'user:pw@reg.io/x/y', 'user-info'],
  ['R27 user', 'user@reg.io/x', 'user-info'],
  ['R28 backslash', 'foo\\bar', 'character'],
  ['R28 two slashes', 'foo//bar', 'path'],
  ['R28 leading slash', '/foo/bar', 'path'],
  ['R28 trailing slash', 'foo/', 'path'],
  ['R28 ./', 'foo/./bar', 'path'],
  ['R28 ../', 'foo/../bar', 'path'],
  ['R28 ../ in front', '../bar', 'host'],
  ['R29 a decimal number', '2130706433:80/x', 'host'],
  ['R29 octal', '0177.0.0.1/x', 'host'],
  ['R29 hex', '0x7f.0.0.1/x', 'host'],
  ['R29 hex in the last label', 'foo.0x7f/x', 'host'],
  ['R29 short', '127.1/x', 'host'],
  ['R29 an octet over 255', '256.1.1.1/x', 'host'],
  ['R29 an octet with a zero in front', '127.0.0.01/x', 'host'],
  ['R29 IPv4 in IPv6', '[::ffff:1.2.3.4]/x', 'host'],
  ['R29 a zone', '[fe80::1%25eth0]/x', 'character'],
  ['R29 not IPv6', '[1:2]/x', 'host'],
  ['R29 an open bracket', '[::1/x', 'host'],
  ['R31 256 characters of name', `ghcr.io/${'p'.repeat(248)}`, 'too-long'],
  ['R31 129 characters of tag', `foo:${'t'.repeat(129)}`, 'tag'],
  ['R31 a dash leads a tag', 'foo:-1', 'tag'],
  ['R31 a dot leads a tag', 'foo:.1', 'tag'],
  ['R31 no tag after the colon', 'foo:', 'tag'],
  ['R32 sha512', `foo@sha512:${H}${H}`, 'digest-algorithm'],
  ['R32 sha384', `foo@sha384:${H}${H.slice(32)}`, 'digest-algorithm'],
  ['R32 blake3', `foo@blake3:${H}`, 'digest-algorithm'],
  ['R32 sha256+b64', `foo@sha256+b64:${H}`, 'digest-algorithm'],
  ['R32 SHA256', `foo@SHA256:${H}`, 'digest-algorithm'],
  ['R33 upper-case hex', `foo@sha256:${H.toUpperCase()}`, 'digest'],
  ['R33 63 digits', `foo@sha256:${H.slice(1)}`, 'digest'],
  ['R33 65 digits', `foo@sha256:${H}0`, 'digest'],
  ['R33 not hex', `foo@sha256:${H.slice(1)}g`, 'digest'],
  ['R33 a word', 'foo@bar', 'digest'],
  ['R33 nothing', 'foo@', 'digest'],
  ['R34 two digests', `foo@${D}@${D}`, 'digest'],
  ['R34 two tags', 'foo:bar:baz', 'tag'],
  ['R34 a tag in the middle', 'ghcr.io/foo:1/bar', 'path'],
  ['R34 digest before tag', `foo@${D}:1`, 'digest'],
  ['R34 a digest alone', `@${D}`, 'path'],
  ['R35 an image id', D, 'image-id'],
  ['R35 64 hex digits', H, 'image-id'],
  ['R43 __proto__', '__proto__', 'path'],
  ['three underscores', 'foo___bar', 'path'],
  ['two dots', 'foo..bar', 'path'],
  ['a separator leads', '-foo', 'path'],
  ['a separator ends', 'foo_', 'path'],
  ['a comma', 'invalid,image', 'character'],
  ['a quote', 'asd"fgh', 'character'],
  ['a question mark', 'foo?bar', 'character'],
];

describe('a runtime would pull', () => {
  test.for(GOOD)('%s: %s', ([, text, canonical]) => {
    const image = parseImageReference(text);
    expect(image.toString()).toBe(canonical);
    expect(image.original).toBe(text);
    expect(parseImageReference(canonical).toString()).toBe(canonical);
  });
});

describe('refused', () => {
  test.for(BAD)('%s', ([, text, fault]) => {
    expect(faultOf(text)).toBe(fault);
  });

  test('R27 the message does not repeat credentials', () => {
    expect(() => parseImageReference('user:pw@reg.io/x')).toThrow(/^((?!pw).)*$/);
  });
});

describe('a reference', () => {
  test('has its parts', () => {
    const image = parseImageReference(`GHCR.io:8443/org/app:v1@${D}`);
    expect(Object.fromEntries(Object.entries(image))).toEqual({
      original: `GHCR.io:8443/org/app:v1@${D}`,
      host: 'ghcr.io:8443',
      path: 'org/app',
      tag: 'v1',
      digest: D,
    });
    expect(image.repository).toBe('ghcr.io:8443/org/app');
  });

  test('is pinned without losing its tag', () => {
    const digest = digestOf(Buffer.from('manifest'));
    const image = parseImageReference(`nginx:1@${D}`).withDigest(digest);
    expect(image.toString()).toBe(`docker.io/library/nginx:1@${digest}`);
    expect(image.original).toBe(`nginx:1@${D}`);
  });

  test('cannot be changed', () => {
    const image = parseImageReference('nginx');
    expect(() => Object.assign(image, { host: 'evil.example' })).toThrow(TypeError);
    expect(image.host).toBe('docker.io');
  });

  test('cannot be made or imitated from outside', () => {
    const parts = { original: '', host: '', path: '', tag: undefined, digest: undefined };
    // @ts-expect-error the constructor is private
    const make = (): ImageReference => new ImageReference(parts);
    const methods = { repository: '', withDigest: () => imitation, toString: () => '' };
    // @ts-expect-error an object literal lacks the private field
    const imitation: ImageReference = { ...parts, ...methods };
    expect([make, imitation]).toHaveLength(2);
  });
});

describe('a digest', () => {
  test.for([
    ['sha256', D, 'accepted'],
    ['another algorithm', `sha512:${H}`, 'digest-algorithm'],
    ['an algorithm of any length', `${'x'.repeat(5000)}:${H}`, 'digest'],
    ['control characters', `sha\u0000256:${H}`, 'digest'],
    ['no algorithm', `:${H}`, 'digest'],
    ['prototype names', 'constructor:1', 'digest-algorithm'],
  ] as const)('%s', ([, text, expected]) => {
    let fault = 'accepted';
    try {
      expect(parseDigest(text)).toBe(text);
    } catch (error) {
      fault = error instanceof ImageReferenceError ? error.fault : String(error);
    }
    expect(fault).toBe(expected);
  });

  test('of bytes', () => {
    expect(digestOf(new Uint8Array())).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });
});
