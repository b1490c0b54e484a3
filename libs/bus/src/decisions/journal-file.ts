import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What the journal needs of an open file; `FileHandle` of `node:fs/promises` has it. */
export interface JournalFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>;
  write(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
  truncate(length: number): Promise<void>;
  stat(): Promise<{ size: number }>;
  close(): Promise<void>;
}

/** Opens the file for reading and writing, for its owner only; a new name is in its folder when this resolves. */
export async function openJournalFile(path: string): Promise<JournalFile> {
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const folder = await open(dirname(path), constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
  return file;
}
