import { describe, expect, test } from 'vitest';

import type { Verdict } from '#contracts';
import { parseImageReference } from '#image-ref';
import type { PullSecret } from '#kubernetes';
import { PullSecretEntries } from '#registry';

import { Deadline } from '../deadline.js';
import { withPullSecrets } from './brought-along.js';
import { type BroughtAlong, type PullSecretReader, WorkloadCredentials } from './workload-credentials.js';

const IMAGE = parseImageReference('ghcr.io/acme/api:1');
const CANARY = 'canary-0c4e';

function found(name: string, auths: Record<string, object>): PullSecret<PullSecretEntries> {
  const value = new PullSecretEntries(JSON.stringify({ auths }), 'dockerconfigjson');
  return { kind: 'found', name, identity: `${name}/1`, value };
}

const good = (name: string): PullSecret<PullSecretEntries> =>
  found(name, { 'ghcr.io': { username: name, password: CANARY } });

function credentials(
  secrets: readonly PullSecret<PullSecretEntries>[],
  options: { account?: { names: readonly string[]; isSure: boolean }; read?: PullSecretReader['read'] } = {},
) {
  const asked: string[][] = [];
  const reader: PullSecretReader = {
    read: async (namespace, names, signal) => {
      asked.push([namespace, ...names]);
      return (await options.read?.(namespace, names, signal)) ?? secrets;
    },
    namesOf: async () => await Promise.resolve(options.account ?? { names: [], isSure: true }),
  };
  const serviceAccount = options.account === undefined ? undefined : 'robot';
  const names = options.account === undefined ? secrets.map(({ name }) => name) : [];
  return { asked, workload: new WorkloadCredentials('shop', { names, serviceAccount }, reader) };
}

describe('what a workload brings along', () => {
  test.for<{
    name: string;
    secrets: PullSecret<PullSecretEntries>[];
    account?: { names: string[]; isSure: boolean };
    uses: string | undefined;
    isSure: boolean;
    says: string[];
  }>([
    { name: 'a secret', secrets: [good('a')], uses: 'a', isSure: true, says: ['"a"'] },
    { name: 'the first of two', secrets: [good('a'), good('b')], uses: 'a', isSure: true, says: ['"a"'] },
    {
      name: 'one for another place before it',
      secrets: [found('x', { 'quay.io': { username: 'u', password: 'p' } }), good('b')],
      uses: 'b',
      isSure: true,
      says: ['"b"'],
    },
    {
      name: 'one that is missing before it',
      secrets: [{ kind: 'missing', name: 'gone' }, good('b')],
      uses: 'b',
      isSure: true,
      says: ['"b"', '"gone"'],
    },
    {
      name: 'G25 a look-alike',
      secrets: [found('x', { 'ghcr.io.evil.example': { username: 'u', password: 'p' } })],
      uses: undefined,
      isSure: true,
      says: [],
    },
    {
      name: 'one that is broken',
      secrets: [{ kind: 'broken', name: 'x' }],
      uses: undefined,
      isSure: true,
      says: ['"x"'],
    },
    {
      name: 'an entry that is broken',
      secrets: [found('x', { 'ghcr.io': { auth: '!' } })],
      uses: undefined,
      isSure: true,
      says: ['"x"'],
    },
    {
      name: 'one that may not be read',
      secrets: [{ kind: 'forbidden', name: 'x' }],
      uses: undefined,
      isSure: false,
      says: ['"x"'],
    },
    {
      name: 'that of a ServiceAccount',
      secrets: [good('a')],
      account: { names: ['a'], isSure: true },
      uses: 'a',
      isSure: true,
      says: ['"a"'],
    },
    {
      name: 'a ServiceAccount that could not be read',
      secrets: [],
      account: { names: [], isSure: false },
      uses: undefined,
      isSure: false,
      says: ['"robot"'],
    },
  ])('$name', async ({ secrets, account, uses, isSure, says }) => {
    const { workload } = credentials(secrets, account === undefined ? {} : { account });
    const brought = await workload.for(IMAGE, new Deadline(5_000));
    expect(brought.credential?.secretName).toBe(uses);
    expect(brought.isSure).toBe(isSure);
    expect(brought.notes).toHaveLength(says.length);
    says.forEach((text, index) => expect(brought.notes[index]).toContain(text));
    expect(JSON.stringify(brought)).not.toContain(CANARY);
  });

  test('is read once for all images', async () => {
    const { asked, workload } = credentials([good('a')]);
    const deadline = new Deadline(5_000);
    await Promise.all([
      workload.for(IMAGE, deadline),
      workload.for(parseImageReference('quay.io/x:1'), deadline),
    ]);
    expect(asked).toEqual([['shop', 'a']]);
  });

  test('what cannot be read in time is unsure', async () => {
    const read: PullSecretReader['read'] = async (_namespace, _names, signal) =>
      await Promise.reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    const { workload } = credentials([good('a')], { read });
    const brought = await workload.for(IMAGE, new Deadline(5_000));
    expect(brought).toMatchObject({ credential: undefined, isSure: false });
    expect(brought.notes).toHaveLength(1);
  });
});

describe('a verdict with what is to be said of pull secrets', () => {
  const common = { evidence: [], tookMs: 1 };
  const refused = (code: string): Verdict => ({ outcome: 'refused', code, message: 'none', ...common });
  const sure: BroughtAlong = { credential: undefined, notes: ['note'], isSure: true };
  const unsure: BroughtAlong = { ...sure, isSure: false };

  test.for<{ name: string; verdict: Verdict; brought: BroughtAlong; expected: object }>([
    {
      name: 'a 401 says which secret',
      verdict: { outcome: 'undecided', code: 'CNS-2003', message: 'no', ...common },
      brought: sure,
      expected: { outcome: 'undecided', code: 'CNS-2003', message: 'no; note' },
    },
    {
      name: 'a registry that is down stays that',
      verdict: { outcome: 'undecided', code: 'CNS-2004', message: 'down', ...common },
      brought: unsure,
      expected: { code: 'CNS-2004', message: 'down' },
    },
    {
      name: 'not there, surely',
      verdict: refused('CNS-1011'),
      brought: sure,
      expected: { code: 'CNS-1011' },
    },
    {
      name: 'not there, without a secret that could not be read',
      verdict: refused('CNS-1011'),
      brought: unsure,
      expected: { outcome: 'undecided', code: 'CNS-2003', message: 'none; note' },
    },
    {
      name: 'no signature, without one',
      verdict: refused('CNS-1003'),
      brought: unsure,
      expected: { outcome: 'undecided', code: 'CNS-2003' },
    },
    {
      name: 'a wrong key is a wrong key',
      verdict: refused('CNS-1004'),
      brought: unsure,
      expected: { code: 'CNS-1004' },
    },
  ])('$name', ({ verdict, brought, expected }) => {
    const told = withPullSecrets(verdict, brought);
    expect(told).toMatchObject(expected);
    expect(told.evidence).toEqual([{ step: 'fetch-signatures', ok: brought.isSure, text: 'note' }]);
  });
});
