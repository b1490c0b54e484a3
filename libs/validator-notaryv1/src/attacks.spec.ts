// Over 200 lines: a table of attacks, each row beside its twin that is let in.
import { expect, test } from 'vitest';

import {
  NOTARY_COLLECTION as COLLECTION,
  NOTARY_KEYS as KEYS,
  NOTARY_NOW as NOW,
  type NotaryAsking,
  notaryDigest,
  NotaryKey,
  NotaryWorld,
  type NotaryWorldOptions,
  type TrustDataBreak,
  type VirtualCollection,
} from '#testing';

const A = notaryDigest('a');
const B = notaryDigest('b');
const C = notaryDigest('c');
const OTHER = NotaryKey.ecdsa();
const RSA = NotaryKey.rsa();
const ALICE = NotaryKey.ecdsa();
const BOB = NotaryKey.ed25519();

interface Row extends NotaryAsking {
  readonly name: string;
  /** Before the first publication. */
  readonly set?: (collection: VirtualCollection) => void | Promise<void>;
  readonly breaks?: readonly TrustDataBreak[];
  /** What happens after it. */
  readonly later?: (collection: VirtualCollection) => void | Promise<void>;
  readonly options?: NotaryWorldOptions;
  readonly is: string;
}

const signed = (role: string, change: NonNullable<TrustDataBreak['signed']>): TrustDataBreak => ({
  role,
  signed: change,
});
const file = (role: string, change: NonNullable<TrustDataBreak['file']>): TrustDataBreak => ({
  role,
  file: change,
});
const BASE = ['root', 'timestamp', 'snapshot', 'targets'] as const;

const plain: Row[] = [
  { name: 'a signed tag', is: A },
  { name: 'a tag with its digest', image: `${COLLECTION}:v1@${A}`, is: A },
  { name: 'T26: a digest that some tag has', image: `${COLLECTION}@${B}`, is: B },
  { name: 'T25: a tag with another digest', image: `${COLLECTION}:v1@${C}`, is: 'CNS-1005' },
  { name: 'T25: a tag with the digest of another tag', image: `${COLLECTION}:v1@${B}`, is: 'CNS-1005' },
  { name: 'T26: a digest that no tag has', image: `${COLLECTION}@${C}`, is: 'CNS-1003' },
  { name: 'a tag that is not signed', image: `${COLLECTION}:v9`, is: 'CNS-1003' },
  { name: 'a collection that does not exist', image: 'registry.example/acme/none:v1', is: 'CNS-1003' },
  { name: 'T19: a tag with a name that objects have', image: `${COLLECTION}:constructor`, is: 'CNS-1003' },
  { name: 'T19: the same, unsigned', image: `${COLLECTION}:toString`, is: 'CNS-1003' },
  {
    name: 'T19: the same, signed',
    image: `${COLLECTION}:toString`,
    set: (each) => void each.add('toString', C),
    is: C,
  },
  {
    name: 'T19: __proto__ is no tag of what it holds',
    image: `${COLLECTION}:v9`,
    breaks: [
      {
        role: 'targets',
        signed: (each) => {
          each['targets'] = JSON.parse(
            `{"__proto__":{"v9":${JSON.stringify({ hashes: { sha256: 'x' }, length: 1 })}}}`,
          );
        },
      },
    ],
    is: 'CNS-1003',
  },
  {
    name: 'T19: __proto__ signed as a tag',
    image: `${COLLECTION}:__proto__`,
    breaks: [
      signed('targets', (each) => {
        const sha256 = Buffer.from(C.slice(7), 'hex').toString('base64');
        each['targets'] = JSON.parse(`{"__proto__":{"hashes":{"sha256":"${sha256}"},"length":528}}`);
      }),
    ],
    is: C,
  },
  ...['targets', 'snapshot'].map((role): Row => ({
    name: `odd names in ${role} keep their order of bytes`,
    breaks: [signed(role, (each) => void (each['x'] = { '\ue000': 1, '\u{10000}': 2, é: 3, '"\\': 4 }))],
    is: A,
  })),
];

const collections: Row[] = [
  {
    name: 'T01: trust data of another collection under the same root key',
    later: async (each) => replaceBy(each, 'registry.example/acme/other'),
    is: 'CNS-1004',
  },
  {
    name: 'T01: the same with the check switched off',
    options: { unsafe: true },
    later: async (each) => replaceBy(each, 'registry.example/acme/other'),
    is: C,
  },
  {
    name: 'T01: trust data of a collection that was handed over, certified for this one by its new owner',
    later: async (each) => replaceBy(each, 'registry.example/acme/other', handOver),
    is: 'CNS-1004',
  },
  {
    name: 'T01: the same with the check switched off',
    options: { unsafe: true },
    later: async (each) => replaceBy(each, 'registry.example/acme/other', handOver),
    is: C,
  },
  { name: 'T01: a certificate for a prefix', set: (each) => certify(each, 'registry.example/acme/*'), is: A },
  {
    name: 'T01: a certificate for another prefix',
    set: (each) => certify(each, 'registry.example/acm*x'),
    is: 'CNS-1004',
  },
  {
    name: 'T01: a certificate for the beginning of the name',
    set: (each) => certify(each, 'registry.example/acme'),
    is: 'CNS-1004',
  },
  {
    name: 'T01: a root key without a certificate',
    set: (each) => void (each.roles.root.keys = [KEYS.root]),
    is: 'CNS-1004',
  },
  {
    name: 'T01: the same with the check switched off',
    options: { unsafe: true },
    set: (each) => void (each.roles.root.keys = [KEYS.root]),
    is: A,
  },
  {
    name: 'an expired certificate of the root key',
    set: (each) => certify(each, COLLECTION, { notAfter: new Date(NOW - 1000) }),
    is: 'CNS-1007',
  },
  {
    name: 'a certificate of the root key that begins in two days',
    set: (each) => certify(each, COLLECTION, { notBefore: new Date(NOW + 2 * 86_400_000) }),
    is: 'CNS-1007',
  },
  {
    name: 'a certificate that begins in an hour',
    set: (each) => certify(each, COLLECTION, { notBefore: new Date(NOW + 3_600_000) }),
    is: A,
  },
  {
    name: 'a certificate that is signed over SHA-1',
    set: (each) => certify(each, COLLECTION, { hash: 'SHA-1' }),
    is: 'CNS-1004',
  },
  {
    name: 'a certificate of an authority',
    set: (each) => certify(each, COLLECTION, { ca: true }),
    is: 'CNS-1007',
  },
];

const pins: Row[] = [
  { name: 'T06: another root key is pinned', options: { roots: { default: OTHER } }, is: 'CNS-1004' },
  {
    name: 'T06: all of two pinned keys, one has not signed',
    options: { roots: { default: KEYS.root, other: OTHER } },
    with: { trustRoot: '*' },
    is: 'CNS-1008',
  },
  {
    name: 'T06: one of two pinned keys, by name',
    options: { roots: { default: OTHER, mine: KEYS.root } },
    with: { trustRoot: 'mine' },
    is: A,
  },
  {
    name: 'T06: all of two pinned keys have signed',
    options: { roots: { default: KEYS.root, other: OTHER } },
    with: { trustRoot: '*' },
    set: async (each) => {
      each.roots(await KEYS.root.certified(COLLECTION), await OTHER.certified(COLLECTION));
    },
    is: A,
  },
  {
    name: 'an RSA root key',
    options: { roots: { default: RSA } },
    set: async (each) => void each.roots(await RSA.certified(COLLECTION)),
    is: A,
  },
];

const signatures: Row[] = BASE.flatMap((role): Row[] => [
  {
    name: `T12: ${role} says that it is something else`,
    breaks: [signed(role, (each) => void (each['_type'] = 'Mirror'))],
    is: 'CNS-2007',
  },
  {
    name: `T12: ${role} in lower case`,
    breaks: [signed(role, (each) => void (each['_type'] = role))],
    is: 'CNS-2007',
  },
  { name: `${role} signed by another key`, breaks: [{ role, signers: [OTHER] }], is: 'CNS-1004' },
  {
    name: `${role} without signatures`,
    breaks: [file(role, (each) => void (each.signatures = []))],
    is: 'CNS-1004',
  },
  {
    name: `${role} changed after it was signed`,
    breaks: [file(role, (each) => void (each.signed['extra'] = 1))],
    is: 'CNS-1004',
  },
  {
    name: `T09: ${role} signed by a method that is not the key's`,
    breaks: [file(role, (each) => each.signatures.forEach((one) => void (one.method = 'rsapss')))],
    is: 'CNS-1004',
  },
  {
    name: `${role}: the method in capitals`,
    breaks: [
      file(role, (each) => each.signatures.forEach((one) => void (one.method = one.method.toUpperCase()))),
    ],
    is: A,
  },
  {
    name: `T10: ${role} with a signature that is too long`,
    breaks: [file(role, (each) => each.signatures.forEach((one) => void (one.sig = longer(one.sig))))],
    is: 'CNS-1004',
  },
  {
    name: `${role} with a signature of somebody else beside its own`,
    breaks: [file(role, (each) => void each.signatures.unshift(OTHER.sign(Buffer.from('something'))))],
    is: A,
  },
  {
    name: `T07: ${role} with its signature twice`,
    set: (each) => void (each.roles[role].threshold = 2),
    breaks: [file(role, (each) => void each.signatures.push(...each.signatures))],
    is: 'CNS-1004',
  },
  {
    name: `a second key makes the threshold of ${role}`,
    set: async (each) => {
      each.roles[role] = {
        keys: [...each.roles[role].keys, await OTHER.certified(COLLECTION)],
        threshold: 2,
      };
    },
    is: A,
  },
  {
    name: `T07: ${role} with one key under two ids`,
    set: async (each) => {
      const twin = await KEYS.root.certified(COLLECTION, { notBefore: new Date('2021-01-01T00:00:00Z') });
      each.roles[role] = { keys: [await KEYS.root.certified(COLLECTION), twin], threshold: 2 };
    },
    is: 'CNS-1004',
  },
  {
    name: `T07: the key of ${role} under an id of its own choice`,
    breaks: [
      signed('root', (each) => {
        const [id = ''] = each['roles'][role].keyids as string[];
        const chosen = 'ab'.repeat(32);
        each['keys'][chosen] = each['keys'][id];
        each['roles'][role].keyids = [chosen];
      }),
      file(role, (each) => each.signatures.forEach((one) => void (one.keyid = 'ab'.repeat(32)))),
    ],
    is: 'CNS-1004',
  },
  ...[0, -1, 1.5, 2 ** 53, undefined, '1', null].map((threshold): Row => ({
    name: `T08: threshold ${String(threshold)} of ${role}`,
    breaks: [signed('root', (each) => void (each['roles'][role].threshold = threshold))],
    is: 'CNS-2007',
  })),
  {
    name: `T08: no keys for ${role}`,
    breaks: [signed('root', (each) => void (each['roles'][role].keyids = []))],
    is: 'CNS-2007',
  },
  ...[0, -1, 1.5, 2 ** 53 + 2, '1', null].map((version): Row => ({
    name: `T22: version ${String(version)} of ${role}`,
    breaks: [signed(role, (each) => void (each['version'] = version))],
    is: 'CNS-2007',
  })),
]);

const times: Row[] = BASE.flatMap((role): Row[] => [
  {
    name: `T11: ${role} expired a second ago`,
    breaks: [{ role, expires: '2026-11-21T05:59:59Z' }],
    is: 'CNS-1007',
  },
  { name: `T11: ${role} expires now`, breaks: [{ role, expires: '2026-11-21T06:00:00Z' }], is: A },
  {
    name: `${role} with a zone and nanoseconds`,
    breaks: [{ role, expires: '2026-11-21T08:00:00.123456789+02:00' }],
    is: A,
  },
  {
    name: `T11: ${role} expired by its zone`,
    breaks: [{ role, expires: '2026-11-21T07:59:00+02:00' }],
    is: 'CNS-1007',
  },
  ...[
    'soon',
    '',
    '2026-11-22',
    '2026-11-22T06:00:00',
    '2027-02-30T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2027-01-01T24:00:00Z',
    '2027-01-01t00:00:00z',
  ].map((expires): Row => ({
    name: `T11: ${role} expires "${expires}"`,
    breaks: [{ role, expires }],
    is: 'CNS-2007',
  })),
]);

const links: Row[] = [
  ...['root', 'snapshot', 'targets'].flatMap((role): Row[] => [
    {
      name: `T04: other bytes than the hash of ${role}`,
      breaks: [{ role, served: (bytes) => Buffer.concat([bytes, Buffer.from(' ')]) }],
      is: 'CNS-2007',
    },
    { name: `T27: ${role} is missing`, breaks: [{ role, served: () => undefined }], is: 'CNS-2007' },
    {
      name: `T27: ${role} is a web page`,
      breaks: [{ role, served: () => Buffer.from('<html>hello</html>') }],
      is: 'CNS-2007',
    },
  ]),
  {
    name: 'T27: the timestamp is missing',
    breaks: [{ role: 'timestamp', served: () => undefined }],
    is: 'CNS-2007',
  },
  {
    name: 'T27: the timestamp is a web page',
    breaks: [{ role: 'timestamp', served: () => Buffer.from('<html>') }],
    is: 'CNS-2007',
  },
  {
    name: 'T04: no hashes at all',
    breaks: [signed('timestamp', (each) => void (each['meta'].snapshot.hashes = {}))],
    is: 'CNS-2007',
  },
  {
    name: 'T04: only sha512',
    breaks: [signed('timestamp', (each) => void delete each['meta'].snapshot.hashes.sha256)],
    is: 'CNS-2007',
  },
  {
    name: 'only sha256',
    breaks: [signed('timestamp', (each) => void delete each['meta'].snapshot.hashes.sha512)],
    is: A,
  },
  {
    name: 'T04: a wrong sha512 beside a right sha256',
    breaks: [
      signed(
        'timestamp',
        (each) => void (each['meta'].snapshot.hashes.sha512 = Buffer.alloc(64).toString('base64')),
      ),
    ],
    is: 'CNS-2007',
  },
  {
    name: 'T04: a wrong length',
    breaks: [signed('timestamp', (each) => void (each['meta'].snapshot.length += 1))],
    is: 'CNS-2007',
  },
  {
    name: 'T04: targets of an earlier generation',
    later: (each) => {
      const old = each.file('targets');
      each.add('v1', B).publish({ role: 'targets', served: () => old });
    },
    is: 'CNS-2007',
  },
  { name: 'the tag signed anew', later: (each) => void each.add('v1', B).publish(), is: B },
];

const documents: Row[] = [
  {
    name: 'T20: written with spaces',
    breaks: [{ role: 'targets', write: (each) => JSON.stringify(each, undefined, 2) }],
    is: A,
  },
  {
    name: 'T20: written with escapes',
    breaks: [
      { role: 'targets', write: (each) => JSON.stringify(each).replace('"v1"', String.raw`"\u0076\u0031"`) },
    ],
    is: A,
  },
  {
    name: 'T20: signatures first',
    breaks: [
      {
        role: 'targets',
        write: (each) => JSON.stringify({ signatures: each['signatures'], signed: each['signed'] }),
      },
    ],
    is: A,
  },
  {
    name: 'T20: a key twice',
    breaks: [
      {
        role: 'targets',
        write: (each) => JSON.stringify(each).replace('{"signed":{', '{"signed":{"_type":"Targets",'),
      },
    ],
    is: 'CNS-2007',
  },
  {
    name: 'T20: signed twice',
    breaks: [{ role: 'targets', write: (each) => `{"signed":{},${JSON.stringify(each).slice(1)}` }],
    is: 'CNS-2007',
  },
  {
    name: 'T20: signed a second time, after the signatures',
    breaks: [
      {
        role: 'targets',
        write: (each) => `${JSON.stringify(each).slice(0, -1)},"signed":{"_type":"Targets"}}`,
      },
    ],
    is: 'CNS-2007',
  },
  {
    name: 'T20: signatures within what is signed',
    breaks: [signed('targets', (each) => void (each['x'] = { a: 1, signatures: [] }))],
    is: A,
  },
  {
    name: 'more signatures than are looked at',
    breaks: [
      file(
        'targets',
        (each) =>
          void each.signatures.push(...Array.from({ length: 80 }, () => OTHER.sign(Buffer.from('x')))),
      ),
    ],
    is: 'CNS-2007',
  },
  {
    name: 'T20: a name in two spellings',
    breaks: [signed('targets', (each) => void (each['Targets'] = {}))],
    is: 'CNS-2007',
  },
  {
    name: 'T20: a name in a spelling of Go',
    breaks: [signed('root', (each) => void (each['\u212aeys'] = {}))],
    is: 'CNS-2007',
  },
  {
    name: 'T21: deep nesting',
    breaks: [signed('targets', (each) => void (each['x'] = nested(64)))],
    is: 'CNS-2007',
  },
  {
    name: 'T18: a target without sha256',
    set: (each) =>
      void each.addRaw('v1', { hashes: { sha512: Buffer.alloc(64).toString('base64') }, length: 1 }),
    is: 'CNS-2007',
  },
  {
    name: 'T18: a target with a short sha256',
    set: (each) => void each.addRaw('v1', { hashes: { sha256: 'AAAA' }, length: 1 }),
    is: 'CNS-2007',
  },
  {
    name: 'T18: a target whose sha256 is hex',
    set: (each) => void each.addRaw('v1', { hashes: { sha256: A.slice(7) }, length: 1 }),
    is: 'CNS-2007',
  },
  {
    name: 'T18: a target of negative length',
    set: (each) =>
      void each.addRaw('v1', { hashes: { sha256: Buffer.alloc(32).toString('base64') }, length: -1 }),
    is: 'CNS-2007',
  },
  { name: 'T18: a broken target beside a good one', set: (each) => void each.addRaw('v9', {}), is: A },
];

const releases = (each: VirtualCollection): void =>
  void each.delegate('targets/releases', [ALICE]).add('v1', C, 'targets/releases');

const delegations: Row[] = [
  { name: 'releases speak where they exist', set: releases, is: C },
  { name: 'releases alone are searched', set: releases, image: `${COLLECTION}:v2`, is: 'CNS-1003' },
  {
    name: 'releases that never signed are not used',
    set: (each) => {
      releases(each);
      each.silent.add('targets/releases');
    },
    is: A,
  },
  { name: 'a required delegation', set: releases, with: { delegations: ['releases'] }, is: C },
  {
    name: 'a required delegation by its full name',
    set: releases,
    with: { delegations: ['targets/releases'] },
    is: C,
  },
  {
    name: 'T14: a required delegation that is not delegated',
    with: { delegations: ['releases'] },
    is: 'CNS-1008',
  },
  {
    name: 'T14: a required delegation that never signed',
    set: (each) => {
      releases(each);
      each.silent.add('targets/releases');
    },
    with: { delegations: ['releases'] },
    is: 'CNS-1008',
  },
  {
    name: 'T14: one of two required delegations',
    set: releases,
    with: { delegations: ['releases', 'bob'] },
    is: 'CNS-1008',
  },
  {
    name: 'two required delegations agree',
    set: (each) => {
      releases(each);
      each.delegate('targets/bob', [BOB]).add('v1', C, 'targets/bob');
    },
    with: { delegations: ['releases', 'bob'] },
    is: C,
  },
  {
    name: 'T17: two required delegations disagree',
    set: (each) => {
      releases(each);
      each.delegate('targets/bob', [BOB]).add('v1', B, 'targets/bob');
    },
    with: { delegations: ['releases', 'bob'] },
    is: 'CNS-1009',
  },
  {
    name: 'one of two required delegations lacks the tag',
    set: (each) => {
      releases(each);
      each.delegate('targets/bob', [BOB]).add('v2', C, 'targets/bob');
    },
    with: { delegations: ['releases', 'bob'] },
    is: 'CNS-1008',
  },
  {
    name: 'T27: the file of releases is missing',
    set: releases,
    breaks: [{ role: 'targets/releases', served: () => undefined }],
    is: 'CNS-2007',
  },
  {
    name: 'releases signed by another key',
    set: releases,
    breaks: [{ role: 'targets/releases', signers: [OTHER] }],
    is: 'CNS-1004',
  },
  {
    name: 'releases expired',
    set: releases,
    breaks: [{ role: 'targets/releases', expires: '2026-11-21T05:00:00Z' }],
    is: 'CNS-1007',
  },
  {
    name: 'a broken delegation that nobody asks for',
    set: (each) => {
      releases(each);
      each.delegate('targets/bob', [BOB]).add('v1', B, 'targets/bob');
    },
    breaks: [{ role: 'targets/bob', signers: [OTHER] }],
    is: C,
  },
  {
    name: 'T13: a tag outside of the paths',
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE], { paths: ['release-'] })
        .add('v1', C, 'targets/releases'),
    is: 'CNS-1003',
  },
  {
    name: 'T13: a tag within the paths',
    set: (each) =>
      void each.delegate('targets/releases', [ALICE], { paths: ['x', 'v'] }).add('v1', C, 'targets/releases'),
    is: C,
  },
  {
    name: 'T13: no paths are no tags',
    set: (each) =>
      void each.delegate('targets/releases', [ALICE], { paths: [] }).add('v1', C, 'targets/releases'),
    is: 'CNS-1003',
  },
  {
    name: 'T13: a digest outside of the paths',
    image: `${COLLECTION}@${C}`,
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE], { paths: ['release-'] })
        .add('v1', C, 'targets/releases'),
    is: 'CNS-1003',
  },
  {
    name: 'T16: a nested delegation',
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE])
        .delegate('targets/releases/bob', [BOB])
        .add('v1', C, 'targets/releases/bob'),
    is: C,
  },
  {
    name: 'T16: a nested delegation, required',
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE])
        .delegate('targets/releases/bob', [BOB])
        .add('v1', C, 'targets/releases/bob'),
    with: { delegations: ['releases/bob'] },
    is: C,
  },
  {
    name: 'T16: a child beyond its parent’s paths',
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE], { paths: ['x'] })
        .delegate('targets/releases/bob', [BOB])
        .add('v1', C, 'targets/releases/bob'),
    is: 'CNS-1003',
  },
  {
    name: 'T16: a terminating delegation ends the search',
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE])
        .delegate('targets/releases/a', [BOB], { terminating: true })
        .delegate('targets/releases/b', [BOB])
        .add('v2', B, 'targets/releases/a')
        .add('v1', C, 'targets/releases/b'),
    is: 'CNS-1003',
  },
  {
    name: 'T16: the next sibling without it',
    set: (each) =>
      void each
        .delegate('targets/releases', [ALICE])
        .delegate('targets/releases/a', [BOB])
        .delegate('targets/releases/b', [BOB])
        .add('v2', B, 'targets/releases/a')
        .add('v1', C, 'targets/releases/b'),
    is: C,
  },
  {
    name: 'T16: more delegations than are read',
    set: (each) => {
      releases(each);
      for (let index = 0; index < 40; index += 1)
        each.delegate(`targets/releases/r${index}`, [BOB]).add('v9', B, `targets/releases/r${index}`);
    },
    is: 'CNS-2007',
  },
  {
    name: 'T16: delegations deeper than are read',
    set: (each) => {
      releases(each);
      let name = 'targets/releases';
      for (let depth = 0; depth < 9; depth += 1) each.delegate((name += '/d'), [BOB]).add('v9', B, name);
    },
    is: 'CNS-2007',
  },
  {
    name: 'T15: in the snapshot and not delegated',
    set: releases,
    breaks: [signed('targets', (each) => void (each['delegations'].roles = []))],
    is: A,
  },
  ...[
    'targets/../root',
    'targets/a%2eb',
    'targets/a:b',
    'targets/a\u0000',
    'targets/',
    'targets/a/b',
    'root',
    'other',
    `targets/${'a'.repeat(300)}`,
  ].map((role): Row => ({
    name: `T23: a delegation named ${JSON.stringify(role.slice(0, 20))}`,
    set: releases,
    breaks: [signed('targets', (each) => void (each['delegations'].roles[0].name = role))],
    is: 'CNS-2007',
  })),
  {
    name: 'T16: a delegation twice',
    set: releases,
    breaks: [signed('targets', (each) => void each['delegations'].roles.push(each['delegations'].roles[0]))],
    is: 'CNS-2007',
  },
];

const rotations: Row[] = [
  {
    name: 'T05: a rotated root, signed by the old key too',
    later: async (each) => rotate(each, OTHER),
    is: A,
  },
  {
    name: 'T05: root rotated three times',
    later: async (each) => {
      await rotate(each, OTHER);
      await rotate(each, ALICE);
      await rotate(each, RSA);
    },
    is: A,
  },
  {
    name: 'T05: a version between is missing',
    later: async (each) => {
      await rotate(each, OTHER);
      await rotate(each, ALICE, { role: 'root', served: () => undefined });
      await rotate(each, RSA);
    },
    is: 'CNS-1004',
  },
  {
    name: 'T05: the new root is not signed by the old key',
    later: async (each) =>
      rotate(each, OTHER, { role: 'root', signers: [await OTHER.certified(COLLECTION)] }),
    is: 'CNS-1004',
  },
  {
    name: 'T05: the new root is signed by the old key alone',
    later: async (each) => rotate(each, OTHER, { role: 'root', signers: [KEYS.root] }),
    is: 'CNS-1004',
  },
  {
    name: 'T05: a version is left out',
    later: async (each) => {
      await rotate(each, OTHER);
      await rotate(each, ALICE, { role: 'root', version: 4 });
    },
    is: 'CNS-1004',
  },
  {
    name: 'an intermediate root may have expired',
    later: async (each) => {
      await rotate(each, OTHER, { role: 'root', expires: '2026-01-01T00:00:00Z' });
      await rotate(each, ALICE);
    },
    is: A,
  },
  {
    name: 'the snapshot key rotated',
    later: (each) => {
      each.roles.snapshot.keys = [BOB];
      each.publish();
    },
    is: A,
  },
  {
    name: 'the timestamp key rotated',
    later: (each) => {
      each.roles.timestamp.keys = [BOB];
      each.publish();
    },
    is: A,
  },
  {
    name: 'the targets key rotated',
    later: (each) => {
      each.roles.targets.keys = [ALICE];
      each.add('v1', B).publish();
    },
    is: B,
  },
  {
    name: 'the targets key rotated, the old one signs',
    later: (each) => {
      each.roles.targets.keys = [ALICE];
      each.publish({ role: 'targets', signers: [KEYS.targets] });
    },
    is: 'CNS-1004',
  },
];

test.for<Row>([
  ...plain,
  ...collections,
  ...pins,
  ...signatures,
  ...times,
  ...links,
  ...documents,
  ...delegations,
  ...rotations,
])('$name', async ({ set, breaks = [], later, options = {}, is, ...asking }) => {
  const world = new NotaryWorld(options);
  const collection = await world.notary.collection(COLLECTION);
  collection.add('v1', A).add('v2', B);
  await set?.(collection);
  collection.publish(...breaks);
  await later?.(collection);
  expect(await world.verdict(asking)).toBe(is);
});

async function certify(
  each: VirtualCollection,
  name: string,
  options: Parameters<NotaryKey['certified']>[1] = {},
): Promise<void> {
  each.roots(await KEYS.root.certified(name, options));
}

async function rotate(
  each: VirtualCollection,
  key: NotaryKey,
  ...breaks: readonly TrustDataBreak[]
): Promise<void> {
  each.roots(await key.certified(COLLECTION));
  each.publish(...breaks);
}

/** Serves the files of another collection under this one's name. */
async function replaceBy(
  each: VirtualCollection,
  other: string,
  change?: (foreign: VirtualCollection) => Promise<void>,
): Promise<void> {
  const world = new NotaryWorld();
  const foreign = await world.notary.collection(other);
  foreign.add('v1', C).publish();
  await change?.(foreign);
  each.serve(new Map([...world.notary.files].map(([name, bytes]) => [name.slice(other.length + 1), bytes])));
}

/** To another owner, whose next root key is certified for the collection of these tests. */
async function handOver(foreign: VirtualCollection): Promise<void> {
  foreign.roots(await OTHER.certified(foreign.name));
  foreign.publish();
  foreign.roots(await ALICE.certified(COLLECTION));
  foreign.publish();
}

function longer(base64: string): string {
  return Buffer.concat([Buffer.from(base64, 'base64'), Buffer.alloc(1)]).toString('base64');
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}
