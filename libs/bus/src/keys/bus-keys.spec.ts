// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { type BusKeys, readBusKeys } from './bus-keys.js';
import { BusKeyError } from './error.js';
import { frame } from './frame.js';
import { generateBusKeys } from './generate-bus-keys.js';
import { compareKeyIds, parseKeyId } from './key-id.js';
import { RequestKeys } from './request-keys.js';
import { VerdictKeys } from './signature-keys.js';

const ROLES = {
  gateway: ['requests.key', 'verdicts.pub', 'decisions.key'],
  verifier: ['requests.key', 'verdicts.key'],
  alerting: ['decisions.pub'],
};

function filesOf(id: string, role: keyof typeof ROLES): Map<string, string> {
  return new Map(
    [...generateBusKeys(id)].filter(([name]) => ROLES[role].some((kind) => name === `${id}.${kind}`)),
  );
}

function codeOf(files: readonly (readonly [string, string])[]): string | undefined {
  try {
    readBusKeys(new Map(files));
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(BusKeyError);
    return error instanceof BusKeyError ? error.code : 'other';
  }
}

test.for([
  { name: 'a gateway', role: 'gateway', requests: true, verdicts: false, decisions: true },
  { name: 'a verifier', role: 'verifier', requests: true, verdicts: true, decisions: undefined },
  { name: 'alerting', role: 'alerting', requests: false, verdicts: undefined, decisions: false },
] as const)('$name has the parts of its role', ({ role, requests, verdicts, decisions }) => {
  const keys = readBusKeys(filesOf('k1', role));
  expect(keys.requests !== undefined).toBe(requests);
  expect(keys.verdicts?.canSign).toBe(verdicts);
  expect(keys.decisions?.canSign).toBe(decisions);
});

const pem = (kind: string, id = 'k1'): string => generateBusKeys(id).get(`${id}.${kind}`) ?? '';
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
});
const p256 = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { format: 'pem', type: 'spki' },
  privateKeyEncoding: { format: 'pem', type: 'pkcs8' },
});

describe('key files', () => {
  test.for([
    { name: 'a complete set', files: [...generateBusKeys('k1')], code: undefined },
    { name: 'no file at all', files: [], code: undefined },
    {
      name: 'files that are no keys',
      files: [
        ['README.md', 'x'],
        ['..data', 'x'],
        ['.old.key', 'x'],
      ],
      code: undefined,
    },
    { name: 'an unknown kind of key', files: [['k1.request.key', 'x']], code: 'name' },
    { name: 'an id with a dot', files: [['k.1.requests.key', 'x']], code: 'name' },
    {
      name: 'an empty id',
      files: [
        ['.requests.key', 'x'],
        ['a.key', 'x'],
      ],
      code: 'name',
    },
    {
      name: 'an id that is a path',
      files: [
        ['../k.requests.key', 'x'],
        ['a/b.requests.key', 'x'],
      ],
      code: 'name',
    },
    {
      name: 'a request key of 31 bytes',
      files: [['k1.requests.key', Buffer.alloc(31).toString('base64')]],
      code: 'format',
    },
    {
      name: 'a request key of 33 bytes',
      files: [['k1.requests.key', Buffer.alloc(33).toString('base64')]],
      code: 'format',
    },
    {
      name: 'a request key in base64url',
      files: [['k1.requests.key', Buffer.alloc(32, 0xff).toString('base64url')]],
      code: 'format',
    },
    {
      name: 'H23 a request key in hex',
      files: [['k1.requests.key', Buffer.alloc(32).toString('hex')]],
      code: 'format',
    },
    { name: 'an empty request key', files: [['k1.requests.key', '']], code: 'format' },
    { name: 'a request key of a megabyte', files: [['k1.requests.key', 'A'.repeat(1 << 20)]], code: 'size' },
    {
      name: 'a private key as the public half',
      files: [['k1.verdicts.pub', pem('verdicts.key')]],
      code: 'format',
    },
    {
      name: 'a public key as the private half',
      files: [['k1.verdicts.key', pem('verdicts.pub')]],
      code: 'format',
    },
    {
      name: 'two PEM blocks',
      files: [['k1.verdicts.pub', pem('verdicts.pub') + pem('verdicts.pub')]],
      code: 'format',
    },
    {
      name: 'text before the PEM block',
      files: [['k1.verdicts.pub', `x\n${pem('verdicts.pub')}`]],
      code: 'format',
    },
    { name: 'an RSA key', files: [['k1.verdicts.pub', rsa.publicKey]], code: 'algorithm' },
    { name: 'a P-256 private key', files: [['k1.decisions.key', p256.privateKey]], code: 'algorithm' },
    {
      name: 'halves that do not belong together',
      files: [
        ['k1.verdicts.key', pem('verdicts.key')],
        ['k1.verdicts.pub', pem('verdicts.pub')],
      ],
      code: 'mismatch',
    },
    {
      name: 'seventeen keys at once',
      files: Array.from({ length: 17 }, (_, index) => [
        `k${index}.requests.key`,
        Buffer.alloc(32).toString('base64'),
      ]),
      code: 'count',
    },
  ] as { name: string; files: [string, string][]; code: string | undefined }[])(
    '$name → $code',
    ({ files, code }) => {
      expect(codeOf(files)).toBe(code);
    },
  );

  test('an error never quotes the file', () => {
    const secret = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0IQ';
    for (const kind of ['requests.key', 'verdicts.key', 'decisions.key']) {
      expect(() => readBusKeys(new Map([[`k1.${kind}`, secret]]))).not.toThrow(secret);
      expect(() => readBusKeys(new Map([[`k1.${kind}`, secret]]))).toThrow(BusKeyError);
    }
  });

  test('keys print nothing of themselves', () => {
    const files = generateBusKeys('k1');
    const text =
      inspect(readBusKeys(files), { depth: 10, showHidden: true }) + JSON.stringify(readBusKeys(files));
    expect(text).not.toContain((files.get('k1.requests.key') ?? '').trim());
  });
});

function overlap(...ids: string[]): { keys: BusKeys; files: Map<string, string> } {
  const files = new Map(ids.flatMap((id) => [...generateBusKeys(id)]));
  return { keys: readBusKeys(files), files };
}

function without(files: ReadonlyMap<string, string>, id: string): BusKeys {
  return readBusKeys(new Map([...files].filter(([name]) => !name.startsWith(`${id}.`))));
}

describe('H24 keys overlap by id', () => {
  test('the newest signs, all verify, and taking one away voids what it signed', () => {
    const { keys, files } = overlap('k2', 'k10', 'k1');
    const old = without(files, 'k10');
    const mac = keys.requests?.sign('d', 'body');
    const oldMac = old.requests?.sign('d', 'body');
    expect([mac?.kid, oldMac?.kid]).toEqual(['k10', 'k2']);
    expect(keys.requests?.verify('d', 'k10', mac?.mac ?? '', 'body')).toBe(true);
    expect(keys.requests?.verify('d', 'k2', oldMac?.mac ?? '', 'body')).toBe(true);
    expect(old.requests?.verify('d', 'k10', mac?.mac ?? '', 'body')).toBe(false);
    const signed = keys.verdicts?.sign('d', 'body');
    expect(signed?.kid).toBe('k10');
    expect(keys.verdicts?.verify('d', 'k10', signed?.signature ?? '', 'body')).toBe(true);
    expect(old.verdicts?.verify('d', 'k10', signed?.signature ?? '', 'body')).toBe(false);
  });

  test.for([
    { older: 'k2', newer: 'k10' },
    { older: '2026-01-09', newer: '2026-01-10' },
    { older: 'a', newer: 'b' },
    { older: 'k', newer: 'k1' },
    { older: 'k01', newer: 'k1' },
  ])('$newer is newer than $older', ({ older, newer }) => {
    expect(compareKeyIds(parseKeyId(older), parseKeyId(newer))).toBeLessThan(0);
    expect(compareKeyIds(parseKeyId(newer), parseKeyId(older))).toBeGreaterThan(0);
  });

  test('the order of ids is total', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,8}$/).map((text) => parseKeyId(text));
    fc.assert(
      fc.property(id, id, id, (a, b, c) => {
        expect(Math.sign(compareKeyIds(a, b)) + Math.sign(compareKeyIds(b, a))).toBe(0);
        expect(compareKeyIds(a, b) === 0).toBe(a === b);
        if (compareKeyIds(a, b) <= 0 && compareKeyIds(b, c) <= 0)
          expect(compareKeyIds(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe('what verifies', () => {
  const keys = readBusKeys(generateBusKeys('k1'));
  const mac = keys.requests?.sign('d', 'body').mac ?? '';
  const signature = keys.verdicts?.sign('d', 'body').signature ?? '';

  test.for([
    { name: 'the right MAC', given: [mac, 'd', 'k1', 'body'], ok: true },
    { name: 'another body', given: [mac, 'd', 'k1', 'Body'], ok: false },
    { name: 'another domain', given: [mac, 'e', 'k1', 'body'], ok: false },
    { name: 'H06 bytes moved between domain and body', given: [mac, 'dk', '1', 'body'], ok: false },
    { name: 'an unknown key', given: [mac, 'd', 'k2', 'body'], ok: false },
    { name: 'H16 a key named __proto__', given: [mac, 'd', '__proto__', 'body'], ok: false },
    { name: 'H23 an empty MAC', given: ['', 'd', 'k1', 'body'], ok: false },
    { name: 'H23 a short MAC', given: [mac.slice(2), 'd', 'k1', 'body'], ok: false },
    { name: 'H23 a MAC that is no hex', given: ['z'.repeat(64), 'd', 'k1', 'body'], ok: false },
    { name: 'H23 an upper-case MAC', given: [mac.toUpperCase(), 'd', 'k1', 'body'], ok: /^\d+$/.test(mac) },
  ] as { name: string; given: [string, string, string, string]; ok: boolean }[])(
    '$name: $ok',
    ({ given, ok }) => {
      const [text, domain, kid, body] = given;
      expect(keys.requests?.verify(domain, kid, text, body)).toBe(ok);
    },
  );

  test.for([
    { name: 'the right signature', given: [signature, 'd', 'k1', 'body'], ok: true },
    { name: 'another body', given: [signature, 'd', 'k1', 'Body'], ok: false },
    { name: 'another domain', given: [signature, 'e', 'k1', 'body'], ok: false },
    { name: 'an unknown key', given: [signature, 'd', 'k2', 'body'], ok: false },
    { name: 'H23 an empty signature', given: ['', 'd', 'k1', 'body'], ok: false },
    { name: 'H23 base64 that is not base64url', given: ['+'.repeat(86), 'd', 'k1', 'body'], ok: false },
    { name: 'a signature with a tail', given: [`${signature}A`, 'd', 'k1', 'body'], ok: false },
  ] as { name: string; given: [string, string, string, string]; ok: boolean }[])(
    '$name: $ok',
    ({ given, ok }) => {
      const [text, domain, kid, body] = given;
      expect(keys.verdicts?.verify(domain, kid, text, body)).toBe(ok);
    },
  );

  test('a decision key cannot speak for a verdict key, not even with the same bytes', () => {
    const files = generateBusKeys('k1');
    const swapped = new Map([['k1.decisions.key', files.get('k1.verdicts.key') ?? '']]);
    const signed = readBusKeys(swapped).decisions?.sign('d', 'body');
    expect(readBusKeys(files).verdicts?.verify('d', 'k1', signed?.signature ?? '', 'body')).toBe(false);
  });

  test('public halves cannot sign', () => {
    const gateway = readBusKeys(filesOf('k1', 'gateway'));
    expect(() => gateway.verdicts?.sign('d', 'body')).toThrow(BusKeyError);
  });

  test('what must not construct does not', () => {
    const short = new Map([[parseKeyId('k1'), new Uint8Array(31)]]);
    expect(() => new RequestKeys(short)).toThrow(BusKeyError);
    expect(() => new RequestKeys(new Map())).toThrow(BusKeyError);
    expect(() => new VerdictKeys({ privateKeys: new Map(), publicKeys: new Map() })).toThrow(BusKeyError);
  });
});

test('two lists of parts never frame to the same bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { maxLength: 5 }),
      fc.array(fc.string(), { maxLength: 5 }),
      (left, right) => {
        const same = left.length === right.length && left.every((part, index) => part === right[index]);
        const comparable = [...left, ...right].every((part) => part.isWellFormed());
        expect(frame(...left).equals(frame(...right))).toBe(
          same || (!comparable && frame(...left).equals(frame(...right))),
        );
      },
    ),
  );
});
