// Over 200 lines: the rows about one subject stay together, each beside its twin.
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { encodeFrame, scanFrames } from './journal-frame.js';
import { JournalError } from './journal.js';
import { type JournalFile, openJournalFile } from './journal-file.js';
import { LocalJournal, type LocalJournalOptions } from './local-journal.js';

let folder: string;
let path: string;
let damage: number[];
const opened: LocalJournal[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'));
  path = join(folder, 'journal');
  damage = [];
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  rmSync(folder, { recursive: true });
});

async function open(options: Partial<LocalJournalOptions> = {}): Promise<LocalJournal> {
  const onDamage = (bytes: number): void => void damage.push(bytes);
  const journal = await LocalJournal.open({ open: () => openJournalFile(path), onDamage, ...options });
  opened.push(journal);
  return journal;
}

const batch = (number: number): Buffer => Buffer.from(`batch ${number} ${'.'.repeat(number)}`);
const batches = (from: number, to: number): Buffer[] =>
  Array.from({ length: to - from }, (_, index) => batch(from + index));

async function filled(count: number): Promise<LocalJournal> {
  const journal = await open();
  for (const one of batches(0, count)) await journal.append(one);
  return journal;
}

test('batches come back in order, also to the next process', async () => {
  const journal = await filled(5);
  expect(await journal.peek(9)).toEqual(batches(0, 5));
  const next = await open();
  expect(next.entries).toBe(5);
  expect(next.bytes).toBe(journal.bytes);
  expect(await next.peek(2)).toEqual(batches(0, 2));
});

test('what was released does not come back, and an empty journal takes no room', async () => {
  const journal = await filled(5);
  await journal.release(2);
  expect(await journal.peek(9)).toEqual(batches(2, 5));
  await journal.append(batch(5));
  expect(await (await open()).peek(9)).toEqual(batches(2, 6));
  await journal.release(4);
  expect([journal.entries, journal.bytes, statSync(path).size]).toEqual([0, 0, 0]);
  await journal.append(batch(6));
  expect(await (await open()).peek(9)).toEqual([batch(6)]);
});

test.for([
  {
    name: 'F36 a torn record at the end',
    spoil: () => truncateSync(path, statSync(path).size - 3),
    left: batches(0, 4),
  },
  { name: 'F36 half a header at the end', spoil: () => appendFileSync(path, 'cns1\0'), left: batches(0, 5) },
  {
    name: 'F36 zeros at the end, as after a power cut',
    spoil: () => appendFileSync(path, Buffer.alloc(4096)),
    left: batches(0, 5),
  },
  {
    name: 'F36 a record that says it is huge',
    spoil: () => appendFileSync(path, Buffer.from('cns1\0\xff\xff\xff\xffxxxxxxxxxxxx', 'latin1')),
    left: batches(0, 5),
  },
  { name: 'F36 a flipped bit in the first record', spoil: () => flip(20), left: batches(1, 5) },
  { name: 'F36 a flipped bit in a length', spoil: () => flip(6), left: batches(1, 5) },
  { name: 'F36 a file of something else', spoil: () => writeFileSync(path, 'hello\n'.repeat(100)), left: [] },
])('$name costs only itself, and is told', async ({ spoil, left }) => {
  await (await filled(5)).close();
  spoil();
  const journal = await open();
  expect(await journal.peek(9)).toEqual(left);
  expect(damage).toHaveLength(1);
  // And the journal goes on from there.
  await journal.append(batch(7));
  expect(await (await open()).peek(9)).toEqual([...left, batch(7)]);
});

test('F36 whatever the file holds, it opens', { tags: ['thorough'] }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(120), async (noise, at) => {
      const whole = Buffer.concat(batches(0, 3).map((one) => encodeFrame('data', one)));
      writeFileSync(path, Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)]));
      const journal = await open();
      expect(batches(0, 3).map(String)).toEqual(expect.arrayContaining((await journal.peek(9)).map(String)));
      await journal.append(batch(4));
      expect((await journal.peek(9)).at(-1)).toEqual(batch(4));
    }),
    { numRuns: 50 },
  );
});

test('F36 damage that comes while it is open costs only the batch that it touches', async () => {
  const journal = await filled(3);
  flip(20);
  expect(await journal.peek(9)).toEqual(batches(1, 3));
  expect(journal.entries).toBe(2);
  expect(damage).toHaveLength(1);
});

test.for([
  { name: 'below the bound', maxBytes: 200, ok: true },
  { name: 'F36 beyond the bound', maxBytes: 50, ok: false },
])('a journal $name takes a batch: $ok', async ({ maxBytes, ok }) => {
  const journal = await open({ maxBytes });
  await journal.append(batch(1));
  const append = journal.append(batch(20));
  if (ok) await expect(append).resolves.toBeUndefined();
  else await expect(append).rejects.toMatchObject({ name: 'JournalError', code: 'journal-full' });
  expect(journal.entries).toBe(ok ? 2 : 1);
});

test.for([
  { name: 'F36 the disk is full', operation: 'write' },
  { name: 'F36 the disk does not sync', operation: 'datasync' },
] as const)('$name: append rejects, nothing half is left, and the next one works', async ({ operation }) => {
  let broken = false;
  const journal = await open({
    open: async () => breakable(await openJournalFile(path), operation, () => broken),
  });
  await journal.append(batch(0));
  broken = true;
  await expect(journal.append(batch(1))).rejects.toThrow(JournalError);
  await expect(journal.append(batch(1))).rejects.toMatchObject({ code: 'journal-failed' });
  broken = false;
  await journal.append(batch(2));
  expect(await (await open()).peek(9)).toEqual([batch(0), batch(2)]);
});

test('a file that does not open yet is tried again', async () => {
  let there = false;
  const journal = await open({
    open: () => (there ? openJournalFile(path) : Promise.reject(new Error('EACCES'))),
  });
  await expect(journal.append(batch(0))).rejects.toMatchObject({ code: 'journal-failed' });
  there = true;
  await journal.append(batch(1));
  expect(await journal.peek(9)).toEqual([batch(1)]);
});

test('a disk that cannot write the release costs a repetition and no batch', async () => {
  let broken = false;
  const journal = await open({
    open: async () => breakable(await openJournalFile(path), 'write', () => broken),
  });
  for (const one of batches(0, 3)) await journal.append(one);
  broken = true;
  await journal.release(1);
  expect(await journal.peek(9)).toEqual(batches(1, 3));
  expect(await (await open()).peek(9)).toEqual(batches(0, 3));
});

test('a disk that writes a little at a time writes it all', async () => {
  const journal = await open({
    open: async () => {
      const file = await openJournalFile(path);
      return {
        ...breakable(file, 'write', () => false),
        write: (b, o, l, p) => file.write(b, o, Math.min(l, 3), p),
      };
    },
  });
  await journal.append(batch(9));
  expect(await (await open()).peek(9)).toEqual([batch(9)]);
});

test('the file is for its owner only', async () => {
  await filled(1);
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(scanFrames(readFileSync(path)).frames).toHaveLength(1);
});

function flip(at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** The file, of which one operation fails while `broken` says so; a write leaves half of what it should write. */
function breakable(file: JournalFile, operation: 'write' | 'datasync', broken: () => boolean): JournalFile {
  const failure = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  const fails = (name: string): boolean => name === operation && broken();
  return {
    read: (...args) => file.read(...args),
    write: async (buffer, offset, length, position) => {
      if (!fails('write')) return file.write(buffer, offset, length, position);
      await file.write(buffer, offset, Math.floor(length / 2), position);
      throw failure;
    },
    datasync: () => (fails('datasync') ? Promise.reject(failure) : file.datasync()),
    truncate: (length) => file.truncate(length),
    stat: () => file.stat(),
    close: () => file.close(),
  };
}
