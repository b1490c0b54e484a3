// Over 200 lines: the rows about one subject stay together, each beside its twin.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bytesOf, capturedReviews, reviewOf } from '../test/review.js';
import { parseAdmissionReview } from './admission-review.js';
import { MAX_DEPTH, MAX_REVIEW_BYTES, MAX_VALUES } from './foreign-json.js';
import { ReviewError, type ReviewFault } from './review-error.js';

const spec = { containers: [{ name: 'api', image: 'nginx' }] };
const good = reviewOf({ spec });

function faultOf(bytes: Uint8Array): { fault: ReviewFault; status: number; answerable: boolean } | 'parsed' {
  try {
    parseAdmissionReview(bytes);
    return 'parsed';
  } catch (error) {
    if (!(error instanceof ReviewError)) throw error;
    return { fault: error.code, status: error.status, answerable: error.envelope !== undefined };
  }
}

function request(fields: Record<string, unknown>): Buffer {
  return bytesOf(reviewOf({ spec, request: fields }));
}

function replaced(fields: Record<string, unknown>): Buffer {
  return bytesOf({ ...good, ...fields });
}

/** JSON of the given depth inside an annotation-like place that no typed field has. */
function deep(depth: number): Buffer {
  return Buffer.from(`{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
}

describe('bytes', () => {
  const text = JSON.stringify(good);
  test.for([
    { name: 'S15 an empty body', bytes: Buffer.alloc(0), fault: 'empty', status: 400 },
    { name: 'S15 a byte order mark', bytes: Buffer.from(`\ufeff${text}`), fault: 'not-json', status: 400 },
    { name: 'S15 another charset', bytes: Buffer.from(text, 'utf16le'), fault: 'not-json', status: 400 },
    {
      name: 'bytes that are no UTF-8',
      bytes: Buffer.from([0x22, 0xff, 0x22]),
      fault: 'not-utf8',
      status: 400,
    },
    { name: 'a cut body', bytes: Buffer.from(text.slice(0, -1)), fault: 'not-json', status: 400 },
    {
      name: 'a body with something behind it',
      bytes: Buffer.from(`${text}{}`),
      fault: 'not-json',
      status: 400,
    },
    {
      name: 'S02 8 MiB and one byte',
      bytes: Buffer.alloc(MAX_REVIEW_BYTES + 1, ' '),
      fault: 'too-large',
      status: 413,
    },
    { name: 'S04 one level too deep', bytes: deep(MAX_DEPTH + 1), fault: 'too-deep', status: 400 },
    { name: 'S04 200 000 levels', bytes: deep(200_000), fault: 'too-deep', status: 400 },
    { name: 'S04 the allowed depth is not the fault', bytes: deep(MAX_DEPTH), fault: 'kind', status: 400 },
    {
      name: 'S05 too many keys',
      bytes: Buffer.from(`{${'"a":1,'.repeat(MAX_VALUES)}"a":1}`),
      fault: 'too-many-values',
      status: 400,
    },
    {
      name: 'S05 too many empty lists',
      bytes: Buffer.from(`[${'[],'.repeat(MAX_VALUES / 2)}1]`),
      fault: 'too-many-values',
      status: 400,
    },
    { name: 'K45 JSON null', bytes: Buffer.from('null'), fault: 'request', status: 400 },
    { name: 'a list', bytes: Buffer.from('[]'), fault: 'request', status: 400 },
  ])('$name', ({ bytes, fault, status }) => {
    expect(faultOf(bytes)).toEqual({ fault, status, answerable: false });
  });

  test.for([
    { name: 'brackets in a string are text', value: '['.repeat(200) },
    { name: 'a quote in a string does not end it', value: `"${'{'.repeat(200)}` },
    { name: 'a backslash before the closing quote is text', value: `${'['.repeat(200)}\\` },
    { name: 'an escaped control character', value: `\u0001\n${'['.repeat(200)}` },
    { name: 'characters of several bytes', value: `ü日𝒳${'['.repeat(200)}` },
    { name: 'commas in a string are no values', value: ','.repeat(MAX_VALUES + 1) },
    { name: 'S01 a value of 6.5 MB', value: 'v'.repeat(6_500_000) },
  ])('$name', ({ value }) => {
    expect(faultOf(bytesOf(reviewOf({ spec: { ...spec, note: value } })))).toBe('parsed');
  });

  test('S01 an update of 2 × 3 MB of ordinary fields is read', () => {
    const env = Array.from({ length: 28_000 }, (_, index) => ({
      name: `SOME_VARIABLE_${index}`,
      value: 'a value of an ordinary length, and then a little more of it to fill it',
    }));
    const large = { containers: [{ name: 'api', image: 'nginx', env }] };
    const bytes = bytesOf(reviewOf({ operation: 'UPDATE', spec: large, oldSpec: large }));
    expect(bytes.length).toBeGreaterThan(6_000_000);
    expect(faultOf(bytes)).toBe('parsed');
  });
});

describe('envelope', () => {
  test.for([
    { name: 'K45 v1beta1 is understood and echoed', version: 'admission.k8s.io/v1beta1' },
    { name: 'v1 is echoed', version: 'admission.k8s.io/v1' },
  ])('$name', ({ version }) => {
    expect(parseAdmissionReview(replaced({ apiVersion: version })).apiVersion).toBe(version);
  });

  test.for([
    {
      name: 'K45 an unknown version',
      bytes: replaced({ apiVersion: 'admission.k8s.io/v2' }),
      fault: 'version',
    },
    { name: 'K45 no version', bytes: replaced({ apiVersion: undefined }), fault: 'version' },
    { name: 'K45 another kind', bytes: replaced({ kind: 'ConversionReview' }), fault: 'kind' },
    { name: 'K45 no request', bytes: replaced({ request: undefined }), fault: 'request' },
    { name: 'K45 request null', bytes: replaced({ request: null }), fault: 'request' },
    { name: 'K46 no uid', bytes: request({ uid: undefined }), fault: 'uid' },
    { name: 'K46 an empty uid', bytes: request({ uid: '' }), fault: 'uid' },
    { name: 'a uid with a line break', bytes: request({ uid: 'a\nb' }), fault: 'uid' },
    { name: 'a uid that is too long', bytes: request({ uid: 'u'.repeat(129) }), fault: 'uid' },
    {
      name: 'J07 a request in the prototype',
      bytes: Buffer.from(
        JSON.stringify({ ...good, request: undefined }).replace('{', '{"__proto__":{"request":{"uid":"x"}},'),
      ),
      fault: 'request',
    },
  ])('$name', ({ bytes, fault }) => {
    expect(faultOf(bytes)).toEqual({ fault, status: 400, answerable: false });
  });

  test('K46 two reviews do not mix: each request has its own uid', () => {
    const uids = ['one', 'two'].map((uid) => parseAdmissionReview(request({ uid })).uid);
    expect(uids).toEqual(['one', 'two']);
  });
});

describe('fields', () => {
  const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
  test.for([
    { name: 'K47 an operation in lower case', fields: { operation: 'create' }, fault: 'operation' },
    { name: 'K47 an unknown operation', fields: { operation: 'PATCH' }, fault: 'operation' },
    { name: 'K47 no operation', fields: { operation: undefined }, fault: 'operation' },
    { name: 'K47 a DELETE with an object', fields: { operation: 'DELETE' }, fault: 'object' },
    { name: 'K48 kind Pod, resource deployments', fields: { resource: deployments }, fault: 'mismatch' },
    {
      name: 'K48 kind Pod through deployments/status',
      fields: { resource: deployments, subResource: 'status' },
      fault: 'mismatch',
    },
    {
      name: 'K48 kind Pod of a foreign group',
      fields: { kind: { group: 'x.io', version: 'v1', kind: 'Pod' } },
      fault: 'mismatch',
    },
    {
      name: 'K48 kind Pod in another version than pods',
      fields: { kind: { group: '', version: 'v2', kind: 'Pod' } },
      fault: 'mismatch',
    },
    {
      name: 'K48 a foreign kind behind resource pods',
      fields: { kind: { group: '', version: 'v1', kind: 'ConfigMap' } },
      fault: 'mismatch',
    },
    {
      name: 'K48 a foreign resource behind kind Pod',
      fields: { resource: { group: '', version: 'v1', resource: 'configmaps' } },
      fault: 'mismatch',
    },
    {
      name: 'J06 kind constructor behind resource pods',
      fields: { kind: { group: '', version: 'v1', kind: 'constructor' } },
      fault: 'mismatch',
    },
    { name: 'K48 an object of another kind', fields: { object: { kind: 'ConfigMap' } }, fault: 'mismatch' },
    {
      name: 'K34 an UPDATE with oldObject null',
      fields: { operation: 'UPDATE', oldObject: null },
      fault: 'object',
    },
    {
      name: 'K34 an UPDATE without oldObject',
      fields: { operation: 'UPDATE', oldObject: undefined },
      fault: 'object',
    },
    { name: 'a CREATE without object', fields: { object: null }, fault: 'object' },
    { name: 'an object that is a list', fields: { object: [] }, fault: 'object' },
    { name: 'an object that is text', fields: { object: 'Pod' }, fault: 'object' },
    { name: 'kind is text', fields: { kind: 'Pod' }, fault: 'field' },
    { name: 'kind is missing', fields: { kind: undefined }, fault: 'field' },
    { name: 'resource is missing', fields: { resource: undefined }, fault: 'field' },
    { name: 'subResource is a number', fields: { subResource: 1 }, fault: 'field' },
    { name: 'namespace is a number', fields: { namespace: 1 }, fault: 'field' },
    { name: 'a namespace that is too long', fields: { namespace: 'n'.repeat(254) }, fault: 'field' },
    { name: 'name is a list', fields: { name: [] }, fault: 'field' },
    { name: 'P01 dryRun is text', fields: { dryRun: 'false' }, fault: 'field' },
    { name: 'userInfo is text', fields: { userInfo: 'ada' }, fault: 'field' },
    { name: 'a user name that is a list', fields: { userInfo: { username: ['ada'] } }, fault: 'field' },
  ])('$name', ({ fields, fault }) => {
    expect(faultOf(request(fields))).toEqual({ fault, status: 400, answerable: true });
  });

  test.for([
    {
      name: 'K48 requestKind is another version of the same',
      fields: { requestKind: { group: 'extensions', version: 'v1beta1', kind: 'Pod' } },
      expected: {},
    },
    {
      name: 'K34 a CREATE with a forged oldObject has none',
      fields: { oldObject: { kind: 'Pod' } },
      expected: { oldObject: undefined },
    },
    {
      name: 'K47 a DELETE has no object',
      fields: { operation: 'DELETE', object: null, oldObject: { kind: 'Pod' } },
      expected: { operation: 'DELETE', object: undefined },
    },
    {
      name: 'K47 a DELETE of an old API server has no old object either',
      fields: { operation: 'DELETE', object: null },
      expected: { oldObject: undefined },
    },
    {
      name: 'K47 a CONNECT is read, and denied later',
      fields: { operation: 'CONNECT' },
      expected: { operation: 'CONNECT', object: undefined },
    },
    { name: 'K42 a dry run', fields: { dryRun: true }, expected: { dryRun: true } },
    { name: 'K42 no word about a dry run', fields: { dryRun: undefined }, expected: { dryRun: false } },
    {
      name: 'an empty subresource is none',
      fields: { subResource: '' },
      expected: { subResource: undefined },
    },
    {
      name: 'K43 the name of the request',
      fields: { name: 'n', object: { metadata: { name: 'm' } } },
      expected: { name: 'n' },
    },
    {
      name: 'K43 else that of the object',
      fields: { name: '', object: { metadata: { name: 'm', generateName: 'g-' } } },
      expected: { name: 'm' },
    },
    {
      name: 'K43 else generateName',
      fields: { name: undefined, object: { metadata: { generateName: 'g-' } } },
      expected: { name: 'g-' },
    },
    { name: 'K43 no name at all', fields: { name: undefined, object: {} }, expected: { name: '' } },
    {
      name: 'K41 a name that is a number is none',
      fields: { name: undefined, object: { metadata: { name: 1 } } },
      expected: { name: '' },
    },
    { name: 'K43 no namespace', fields: { namespace: undefined }, expected: { namespace: '' } },
    {
      name: 'K44 the namespace of the request, not of the object',
      fields: { namespace: 'a', object: { metadata: { namespace: 'b' } } },
      expected: { namespace: 'a' },
    },
    { name: 'no userInfo', fields: { userInfo: undefined }, expected: { user: '' } },
    { name: 'a user name', fields: { userInfo: { username: 'ada' } }, expected: { user: 'ada' } },
  ])('$name', ({ fields, expected }) => {
    expect(parseAdmissionReview(request(fields))).toMatchObject(expected);
  });

  test('a long name from the object is cut, not refused: the API server has not checked it yet', () => {
    const parsed = parseAdmissionReview(
      request({ name: '', object: { metadata: { name: 'n'.repeat(10_000) } } }),
    );
    expect(parsed.name).toHaveLength(253);
  });
});

describe('hostile input', () => {
  const files = [...capturedReviews().values()];

  test('any change of a real review is parsed or is a ReviewError', () => {
    const change = fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'double'));
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        (file, changes) => {
          let bytes: Uint8Array = Uint8Array.from(file);
          for (const [at, byte, how] of changes) {
            const index = at % bytes.length;
            if (how === 'set') bytes[index] = byte;
            else if (how === 'cut') bytes = bytes.slice(0, Math.max(1, index));
            else bytes = Buffer.concat([bytes, bytes.subarray(index)]);
          }
          faultOf(bytes);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('any JSON is parsed or is a ReviewError', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => faultOf(bytesOf(value)) !== 'parsed'),
      { numRuns: 300 },
    );
  });

  test('any value in any field of the request is parsed or is a ReviewError', () => {
    const fields = Object.keys(good['request'] as object);
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), (field, value) => {
        faultOf(request({ [field]: value }));
      }),
      { numRuns: 300 },
    );
  });

  test('depth is counted as a parser counts it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.integer({ min: 50, max: 70 }), (value, wraps) => {
        const wrapped = `${'['.repeat(wraps)}${JSON.stringify(value)}${']'.repeat(wraps)}`;
        const fault = faultOf(Buffer.from(wrapped));
        expect(fault === 'parsed' ? fault : fault.fault).toBe(
          depthOf(value) + wraps > MAX_DEPTH ? 'too-deep' : 'request',
        );
      }),
      { numRuns: 300 },
    );
  });
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
