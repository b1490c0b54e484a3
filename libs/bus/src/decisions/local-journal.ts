import { encodeFrame, type Frame, frameAt, MAX_PAYLOAD, scanFrames } from './journal-frame.js';
import type { JournalFile } from './journal-file.js';
import { type Journal, JournalError } from './journal.js';

export interface LocalJournalOptions {
  /** Opens or creates the file, which no other process writes. */
  readonly open: () => Promise<JournalFile>;
  /** Most bytes of the file; beyond it batches are not taken. */
  readonly maxBytes?: number;
  /** Called with the number of bytes that were no record: a torn tail, or damage. */
  readonly onDamage?: (bytes: number) => void;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** Most bytes that one `peek` reads, so that replaying a long outage stays small. */
const PEEK_BYTES = 4 * 1024 * 1024;

interface Place {
  readonly offset: number;
  readonly length: number;
}

/**
 * An append-only file of checked frames, fsynced for each batch. What was appended survives a kill; a torn or damaged part is
 * skipped and told; a disk that does not write makes `append` reject, and the next one tries again.
 */
export class LocalJournal implements Journal {
  readonly #options: Required<LocalJournalOptions>;
  readonly #places: Place[] = [];
  #file: JournalFile | undefined;
  #end = 0;
  #bytes = 0;

  private constructor(options: LocalJournalOptions) {
    this.#options = { maxBytes: MAX_BYTES, onDamage: () => undefined, ...options };
  }

  /** What an earlier process left is there again. A file that does not open is tried again with each `append`. */
  static async open(options: LocalJournalOptions): Promise<LocalJournal> {
    const journal = new LocalJournal(options);
    await journal.#opened().catch(() => undefined);
    return journal;
  }

  get entries(): number {
    return this.#places.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async append(batch: Uint8Array): Promise<void> {
    const frame = encodeFrame('data', batch);
    if (this.#end + frame.length > this.#options.maxBytes || batch.length > MAX_PAYLOAD) {
      throw new JournalError(
        'journal-full',
        `expected room for ${frame.length} bytes in ${this.#options.maxBytes}`,
      );
    }
    try {
      const file = await this.#opened();
      await this.#write(file, frame);
      await file.datasync();
    } catch (cause) {
      await this.#cut();
      throw new JournalError('journal-failed', 'the local journal could not be written; check its disk', {
        cause,
      });
    }
    this.#places.push({ offset: this.#end, length: frame.length });
    this.#end += frame.length;
    this.#bytes += frame.length;
  }

  /** A batch that can no longer be read is dropped and told as damage: those behind it must not wait for it. */
  async peek(count: number): Promise<readonly Uint8Array[]> {
    const batches: Uint8Array[] = [];
    for (let bytes = 0; batches.length < count && bytes < PEEK_BYTES;) {
      const place = this.#places[batches.length];
      if (place === undefined) break;
      const payload = await this.#read(place);
      if (payload === undefined) this.#drop(batches.length);
      else batches.push(payload);
      bytes += place.length;
    }
    return batches;
  }

  /** Resolves though the disk may not have written: after a crash the batches would come a second time, and none is lost. */
  async release(count: number): Promise<void> {
    for (const { length } of this.#places.splice(0, count)) this.#bytes -= length;
    const [oldest] = this.#places;
    try {
      await (oldest === undefined ? this.#empty() : this.#mark(oldest.offset));
    } catch {
      await this.#cut();
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #opened(): Promise<JournalFile> {
    if (this.#file !== undefined) return this.#file;
    const file = await this.#options.open();
    const { frames, damaged, end } = scanFrames(await readWhole(file, this.#options.maxBytes));
    const released = frames.reduce((from, frame) => Math.max(from, releasedBefore(frame)), 0);
    this.#places.length = 0;
    for (const { kind, offset, length } of frames) {
      if (kind === 'data' && offset >= released) this.#places.push({ offset, length });
    }
    this.#bytes = this.#places.reduce((sum, { length }) => sum + length, 0);
    this.#end = end;
    await file.truncate(end);
    this.#file = file;
    if (damaged > 0) this.#options.onDamage(damaged);
    return file;
  }

  async #read(place: Place): Promise<Buffer | undefined> {
    try {
      return frameAt(await readAt(await this.#opened(), place), 0)?.payload;
    } catch {
      return undefined;
    }
  }

  async #write(file: JournalFile, bytes: Buffer): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, this.#end + done);
      if (bytesWritten === 0) throw new Error('the disk took no bytes');
      done += bytesWritten;
    }
  }

  /** After a failed write: what may be there of the frame goes, so that the next one begins where it should. */
  async #cut(): Promise<void> {
    try {
      await this.#file?.truncate(this.#end);
    } catch {
      // The file cannot even be cut: what is on it is read again when it opens again.
      this.#places.length = 0;
      this.#bytes = 0;
      await this.close().catch(() => undefined);
    }
  }

  async #mark(releasedBefore: number): Promise<void> {
    const marker = Buffer.alloc(8);
    marker.writeBigUInt64BE(BigInt(releasedBefore));
    const frame = encodeFrame('released', marker);
    await this.#write(await this.#opened(), frame);
    this.#end += frame.length;
  }

  async #empty(): Promise<void> {
    const file = await this.#opened();
    await file.truncate(0);
    this.#end = 0;
  }

  #drop(index: number): void {
    const [place] = this.#places.splice(index, 1);
    this.#bytes -= place?.length ?? 0;
    this.#options.onDamage(place?.length ?? 0);
  }
}

function releasedBefore({ kind, payload }: Frame): number {
  return kind === 'released' && payload.length === 8 ? Number(payload.readBigUInt64BE(0)) : 0;
}

async function readAt(file: JournalFile, { offset, length }: Place): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset);
  return bytes.subarray(0, bytesRead);
}

async function readWhole(file: JournalFile, maxBytes: number): Promise<Buffer> {
  const { size } = await file.stat();
  return readAt(file, { offset: 0, length: Math.min(size, maxBytes) });
}
