// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { describe, expect, test } from 'vitest';

import { parsePublicKey } from '#trust';
import {
  type CosignBundle,
  CosignSigner,
  entryBody,
  type EntryKind,
  type LogProof,
  type TlogEntry,
  VirtualLog,
} from '#testing';

import { readBundle } from './bundle.js';
import type { FoundSignature } from './found-signature.js';
import { parseLegacyLogEntry } from './log-entry.js';
import { type LogKey, logKeysFor } from './log-keys.js';
import { type LogEvidence, verifyLogged } from './transparency-log.js';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const NOW = new Date('2026-11-20T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const signer = new CosignSigner();
const key = parsePublicKey(signer.key.publicKeyPem);

function newLog(kind: 'rekor-v1' | 'rekor-v2' = 'rekor-v1'): VirtualLog {
  const log = new VirtualLog({ kind, name: 'rekor.test', now: () => NOW });
  for (let before = 0; before < 5; before += 1) log.append(Buffer.from(`before ${before}`));
  return log;
}

function read(bundle: CosignBundle): FoundSignature {
  const candidate = readBundle(Buffer.from(JSON.stringify(bundle)));
  if (candidate.kind !== 'signature') throw new Error('expected a signature');
  return candidate.signature;
}

function verify(found: FoundSignature, logs: readonly LogKey[], now = NOW): Promise<LogEvidence> {
  return verifyLogged(
    found.logEntries,
    { content: found.content, signature: found.signature, key },
    logs,
    now,
  );
}

function signed(
  log: VirtualLog,
  entryKind: EntryKind,
  change: (entry: TlogEntry) => void = () => undefined,
): FoundSignature {
  const bundle = signer.signBundle({ digest: DIGEST, log, entryKind });
  change(bundle.verificationMaterial.tlogEntries![0]!);
  return read(bundle);
}

describe('proofs that hold', () => {
  test.for<{ kind: 'rekor-v1' | 'rekor-v2'; entryKind: EntryKind; is: LogEvidence }>([
    { kind: 'rekor-v1', entryKind: 'dsse 0.0.1', is: { logIndex: 1005, logTime: SECONDS } },
    { kind: 'rekor-v1', entryKind: 'hashedrekord 0.0.1', is: { logIndex: 1005, logTime: SECONDS } },
    { kind: 'rekor-v2', entryKind: 'hashedrekord 0.0.2', is: { logIndex: 5, logTime: undefined } },
  ])('$kind $entryKind', async ({ kind, entryKind, is }) => {
    const log = newLog(kind);
    await expect(verify(signed(log, entryKind), logKeysFor(log.publicKeyPem))).resolves.toEqual(is);
  });

  test('the promise alone, and the time that it signs', async () => {
    const log = newLog();
    const found = signed(log, 'dsse 0.0.1', (entry) => {
      delete entry.inclusionProof;
    });
    await expect(verify(found, logKeysFor(log.publicKeyPem))).resolves.toEqual({
      logIndex: 1005,
      logTime: SECONDS,
    });
  });

  test('the proof alone, which signs no time and only its own index', async () => {
    const log = newLog();
    const found = signed(log, 'dsse 0.0.1', (entry) => {
      delete entry.inclusionPromise;
      delete entry.integratedTime;
      entry.logIndex = '77';
    });
    await expect(verify(found, logKeysFor(log.publicKeyPem))).resolves.toEqual({
      logIndex: 5,
      logTime: undefined,
    });
  });

  test('ProtoJSON leaves zeros out', async () => {
    const log = new VirtualLog({ kind: 'rekor-v2' });
    const found = signed(log, 'hashedrekord 0.0.2', (entry) => {
      delete (entry as Partial<TlogEntry>).logIndex;
      delete (entry.inclusionProof as Partial<LogProof>).logIndex;
      delete (entry.inclusionProof as Partial<LogProof>).hashes;
    });
    await expect(verify(found, logKeysFor(log.publicKeyPem))).resolves.toEqual({
      logIndex: 0,
      logTime: undefined,
    });
  });

  test('C32: one valid entry is enough, wherever it stands', async () => {
    const [log, foreign] = [newLog(), newLog()];
    const bundle = signer.signBundle({ digest: DIGEST, log: foreign });
    bundle.verificationMaterial.tlogEntries!.push(
      ...signer.signBundle({ digest: DIGEST, log }).verificationMaterial.tlogEntries!,
    );
    // ECDSA signatures differ each time: the second entry is of another signature.
    await expect(verify(read(bundle), logKeysFor(log.publicKeyPem))).rejects.toMatchObject({
      code: 'unknown-log',
    });
    const own = signer.signBundle({ digest: DIGEST, log });
    own.verificationMaterial.tlogEntries!.unshift(bundle.verificationMaterial.tlogEntries![0]!);
    await expect(verify(read(own), logKeysFor(log.publicKeyPem))).resolves.toMatchObject({
      logTime: SECONDS,
    });
  });
});

describe('proofs that do not hold, each with one thing wrong', () => {
  const flip = (base64: string): string => {
    const bytes = Buffer.from(base64, 'base64');
    bytes[bytes.length - 2]! ^= 1;
    return bytes.toString('base64');
  };
  const rows: { name: string; change: (entry: TlogEntry) => void; code: string; entryKind?: EntryKind }[] = [
    {
      name: 'neither promise nor proof',
      change: (e) => void (delete e.inclusionPromise, delete e.inclusionProof, delete e.integratedTime),
      code: 'missing',
    },
    {
      name: 'C29: another log’s id',
      change: (e) => void (e.logId.keyId = flip(e.logId.keyId)),
      code: 'unknown-log',
    },
    {
      name: 'C29: a promise by nobody',
      change: (e) =>
        void (e.inclusionPromise!.signedEntryTimestamp = flip(e.inclusionPromise!.signedEntryTimestamp)),
      code: 'promise',
    },
    { name: 'C29: a promise for another index', change: (e) => void (e.logIndex = '1006'), code: 'promise' },
    {
      name: 'C31: a promise for another time',
      change: (e) => void (e.integratedTime = String(SECONDS - 1)),
      code: 'promise',
    },
    { name: 'C31: a promise without time', change: (e) => void delete e.integratedTime, code: 'time' },
    { name: 'C31: a time without promise', change: (e) => void delete e.inclusionPromise, code: 'time' },
    {
      name: 'C31: a time in the future',
      change: (e) => void (e.integratedTime = String(SECONDS + 3600)),
      code: 'time',
    },
    { name: 'C31: a negative time', change: (e) => void (e.integratedTime = '-1'), code: 'malformed' },
    {
      name: 'C30: another root',
      change: (e) => void (e.inclusionProof!.rootHash = flip(e.inclusionProof!.rootHash)),
      code: 'checkpoint',
    },
    { name: 'C30: another size', change: (e) => void (e.inclusionProof!.treeSize = '7'), code: 'checkpoint' },
    {
      name: 'C30: no size',
      change: (e) => void delete (e.inclusionProof as Partial<LogProof>).treeSize,
      code: 'checkpoint',
    },
    {
      name: 'C30: an index beyond the tree',
      change: (e) => void (e.inclusionProof!.logIndex = '6'),
      code: 'inclusion',
    },
    { name: 'C30: another index', change: (e) => void (e.inclusionProof!.logIndex = '4'), code: 'inclusion' },
    { name: 'C30: no hashes', change: (e) => void (e.inclusionProof!.hashes = []), code: 'inclusion' },
    {
      name: 'C30: a short hash',
      change: (e) => void (e.inclusionProof!.hashes[0] = 'AQI='),
      code: 'malformed',
    },
    {
      name: 'C30: 54 hashes',
      change: (e) =>
        void (e.inclusionProof!.hashes = Array.from({ length: 54 }, () => e.inclusionProof!.rootHash)),
      code: 'malformed',
    },
    {
      name: 'C30: no checkpoint',
      change: (e) => void delete (e.inclusionProof as Partial<LogProof>).checkpoint,
      code: 'malformed',
    },
    {
      name: 'C30: an unsigned checkpoint',
      change: (e) =>
        void (e.inclusionProof!.checkpoint.envelope =
          e.inclusionProof!.checkpoint.envelope.split('\n\n')[0]! + '\n\n'),
      code: 'malformed',
    },
    {
      name: 'C30: a checkpoint signed by another log of that name',
      change: (e) => void (e.inclusionProof!.checkpoint.envelope = foreignCheckpoint()),
      code: 'checkpoint',
    },
    {
      name: 'C30: a checkpoint of another origin',
      change: (e) =>
        void (e.inclusionProof!.checkpoint.envelope = e.inclusionProof!.checkpoint.envelope.replace(
          'rekor.test - 1',
          'rekor.evil - 1',
        )),
      code: 'checkpoint',
    },
    {
      name: 'C30: a checkpoint with a changed extension line',
      change: (e) =>
        void (e.inclusionProof!.checkpoint.envelope = e.inclusionProof!.checkpoint.envelope.replace(
          '\n\n',
          '\nmore\n\n',
        )),
      code: 'checkpoint',
    },
    {
      name: 'C35: the wrapper says another kind',
      change: (e) => void (e.kindVersion.kind = 'hashedrekord'),
      code: 'entry-kind',
    },
    {
      name: 'C35: the wrapper says another version',
      change: (e) => void (e.kindVersion.version = '0.0.2'),
      code: 'entry-kind',
    },
    {
      name: 'C18: a body that is no strict base64',
      change: (e) => void (e.canonicalizedBody = `${e.canonicalizedBody}\n`),
      code: 'malformed',
    },
    {
      name: 'C18: a URL-safe log id',
      change: (e) => void (e.logId.keyId = '_'.repeat(43) + '='),
      code: 'malformed',
    },
  ];
  function foreignCheckpoint(): string {
    return newLog().inclusionProof(newLog().append(Buffer.from('x'))).checkpoint.envelope;
  }

  test.for(rows)('$name', async ({ change, code, entryKind = 'dsse 0.0.1' }) => {
    const [log, twin] = [newLog(), newLog()];
    await expect(verify(signed(twin, entryKind), logKeysFor(twin.publicKeyPem))).resolves.toBeDefined();
    await expect(verify(signed(log, entryKind, change), logKeysFor(log.publicKeyPem))).rejects.toMatchObject({
      name: 'LogProofError',
      code,
    });
  });

  test.for<{ name: string; validFrom?: number; validUntil?: number; ok: boolean }>([
    { name: 'from the first second', validFrom: SECONDS, ok: true },
    { name: 'to the last second', validUntil: SECONDS, ok: true },
    { name: 'a key that came later', validFrom: SECONDS + 1, ok: false },
    { name: 'a key that had ended', validUntil: SECONDS - 1, ok: false },
  ])('C29: the log’s key is valid $name', async ({ ok, validFrom = 0, validUntil = Infinity }) => {
    const log = newLog();
    const logs = logKeysFor(log.publicKeyPem).map((each) => ({ ...each, validFrom, validUntil }));
    const verified = verify(signed(log, 'dsse 0.0.1'), logs);
    if (ok) await expect(verified).resolves.toMatchObject({ logTime: SECONDS });
    else await expect(verified).rejects.toMatchObject({ code: 'time' });
  });

  test('a named log signs under its own name only', async () => {
    const log = newLog();
    const named = (name: string): LogKey[] => logKeysFor(log.publicKeyPem).map((each) => ({ ...each, name }));
    await expect(verify(signed(log, 'dsse 0.0.1'), named('rekor.test'))).resolves.toBeDefined();
    await expect(verify(signed(log, 'dsse 0.0.1'), named('rekor'))).rejects.toMatchObject({
      code: 'checkpoint',
    });
  });
});

describe('C35: kinds of entries', () => {
  const content = read(signer.signBundle({ digest: DIGEST }));
  const logged = (body: Buffer): FoundSignature => {
    const log = logOfTest;
    const entry = log.tlogEntry(log.append(body));
    return { ...content, logEntries: () => read(withEntry(entry)).logEntries() };
  };
  const logOfTest = newLog();
  const withEntry = (entry: TlogEntry): CosignBundle => {
    const bundle = signer.signBundle({ digest: DIGEST });
    return { ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [entry] } };
  };
  const about = {
    data: Buffer.from(content.content.kind === 'dsse' ? content.content.payload : []),
    hash: 'sha256',
    signature: Buffer.from(content.signature),
    spki: signer.key.spki,
  };
  const pae = { ...about, data: Buffer.from(content.content.bytes) };

  test.for<{ name: string; body: Buffer; code?: string }>([
    { name: 'dsse over the payload', body: entryBody('dsse 0.0.1', about) },
    { name: 'hashedrekord over the encoding', body: entryBody('hashedrekord 0.0.1', pae) },
    { name: 'hashedrekord with SHA-512', body: entryBody('hashedrekord 0.0.1', { ...pae, hash: 'sha512' }) },
    { name: 'hashedrekord 0.0.2 over the encoding', body: entryBody('hashedrekord 0.0.2', pae) },
    {
      name: 'hashedrekord over the payload',
      body: entryBody('hashedrekord 0.0.1', about),
      code: 'other-artifact',
    },
    { name: 'dsse over the encoding', body: entryBody('dsse 0.0.1', pae), code: 'other-artifact' },
    {
      name: 'C14: hashedrekord with SHA-1',
      body: entryBody('hashedrekord 0.0.1', { ...pae, hash: 'sha1' }),
      code: 'other-artifact',
    },
    {
      name: 'an unknown kind',
      body: Buffer.from(JSON.stringify({ apiVersion: '0.0.1', kind: 'intoto', spec: {} })),
      code: 'entry-kind',
    },
    {
      name: 'an unknown version',
      body: Buffer.from(JSON.stringify({ apiVersion: '0.0.9', kind: 'dsse', spec: {} })),
      code: 'entry-kind',
    },
    { name: 'no object', body: Buffer.from('[]'), code: 'malformed' },
    {
      name: 'J11: two specs',
      body: Buffer.from('{"apiVersion":"0.0.1","kind":"dsse","spec":{},"spec":{}}'),
      code: 'malformed',
    },
    {
      name: 'a certificate that is none',
      body: Buffer.from(
        entryBody('hashedrekord 0.0.1', pae)
          .toString()
          .replace(
            /"publicKey":\{"content":"[^"]+"/,
            `"publicKey":{"content":"${Buffer.from('-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n').toString('base64')}"`,
          ),
      ),
      code: 'malformed',
    },
  ])('$name', async ({ body, code }) => {
    const verified = verify(logged(body), logKeysFor(logOfTest.publicKeyPem));
    if (code === undefined) await expect(verified).resolves.toMatchObject({ logTime: SECONDS });
    else await expect(verified).rejects.toMatchObject({ name: 'LogProofError', code });
  });
});

describe('the legacy annotation is read strictly', () => {
  const log = newLog();
  const bundle = log.legacyBundle(log.append(Buffer.from('{}')));
  test.for<{ name: string; text: string; ok: boolean }>([
    { name: 'as cosign writes it', text: JSON.stringify(bundle), ok: true },
    {
      name: 'C18: upper-case hex',
      text: JSON.stringify(bundle).replace(bundle.Payload.logID, bundle.Payload.logID.toUpperCase()),
      ok: false,
    },
    {
      name: 'J10: a fraction of a second',
      text: JSON.stringify({ ...bundle, Payload: { ...bundle.Payload, integratedTime: 1.5 } }),
      ok: false,
    },
    {
      name: 'J10: an index as text',
      text: JSON.stringify({ ...bundle, Payload: { ...bundle.Payload, logIndex: '7' } }),
      ok: false,
    },
    {
      name: 'J11: a time twice',
      text: JSON.stringify(bundle).replace('"integratedTime"', '"integratedTime":1,"integratedTime"'),
      ok: false,
    },
    {
      name: 'a member more in what is signed',
      text: JSON.stringify({ ...bundle, Payload: { ...bundle.Payload, x: 1 } }),
      ok: false,
    },
    { name: 'no promise', text: JSON.stringify({ Payload: bundle.Payload }), ok: false },
    { name: 'nothing', text: '', ok: false },
  ])('$name', ({ text, ok }) => {
    if (ok) expect(parseLegacyLogEntry(text).logIndex).toBe(1005);
    else expect(() => parseLegacyLogEntry(text)).toThrow();
  });
});
