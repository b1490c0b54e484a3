import seeds from '@sigstore/tuf/seeds.json' with { type: 'json' };
import { describe, expect, test } from 'vitest';

import { SigningKey, VirtualLog } from '#testing';

import { logIds, logKeysFor, sigstoreLogKeys } from './log-keys.js';

describe('the logs that are believed', () => {
  test('without a configured key, Sigstore’s public logs, under the ids that its trusted root names', () => {
    const root = JSON.parse(
      Buffer.from(
        seeds['https://tuf-repo-cdn.sigstore.dev'].targets['trusted_root.json'],
        'base64',
      ).toString(),
    ) as { tlogs: { logId: { keyId: string } }[] };
    const logs = logKeysFor(undefined);
    expect(logs.map(({ name }) => name)).toEqual(['rekor.sigstore.dev', 'log2025-1.rekor.sigstore.dev']);
    expect(logs).toHaveLength(root.tlogs.length);
    logs.forEach((log, index) => {
      expect(logIds(log, []).map((id) => id.toString('base64'))).toContain(root.tlogs[index]?.logId.keyId);
      expect(log.validFrom).toBeGreaterThan(0);
    });
    expect(sigstoreLogKeys()).toEqual(logs);
  });

  test('with a configured key, that log and no other', () => {
    const log = new VirtualLog();
    const [only, ...others] = logKeysFor(log.publicKeyPem);
    expect(others).toEqual([]);
    expect(logIds(only!, [])).toEqual([log.logId]);
  });

  test('a log of version 2 is found under the name that signs its checkpoints', () => {
    const log = new VirtualLog({ kind: 'rekor-v2', name: 'log.example.org' });
    const [only] = logKeysFor(log.publicKeyPem);
    expect(logIds(only!, ['log.example.org'])).toContainEqual(log.logId);
    expect(logIds(only!, ['other.example.org'])).not.toContainEqual(log.logId);
    expect(logIds({ ...only!, name: 'other.example.org' }, ['log.example.org'])).not.toContainEqual(
      log.logId,
    );
  });

  test.for([
    {
      name: 'C19: two keys',
      pem: `${new SigningKey('P-256').publicKeyPem}${new SigningKey('P-256').publicKeyPem}`,
    },
    { name: 'no key', pem: '' },
    { name: 'C46: a reference', pem: 'https://rekor.example.org/api/v1/log/publicKey' },
  ])('$name is refused', ({ pem }) => {
    expect(() => logKeysFor(pem)).toThrow(expect.objectContaining({ name: 'ValidatorSetupError' }));
  });
});
