import { createHash } from 'node:crypto';

/** `data` holds a batch; `released` says up to which offset of the file everything is on the stream. */
export type FrameKind = 'data' | 'released';

export interface Frame {
  readonly kind: FrameKind;
  /** Where the frame begins in the file. */
  readonly offset: number;
  /** Bytes of the whole frame. */
  readonly length: number;
  readonly payload: Buffer;
}

/**
 * A frame: 4 bytes that say «frame», 1 byte of kind, 4 bytes of payload length (big endian), the first 8 bytes of the
 * SHA-256 over kind, length and payload, then the payload.
 */
const MAGIC = Buffer.from('cns1');
const HEADER = 17;
const KINDS: readonly FrameKind[] = ['data', 'released'];

/** Most bytes of one payload: above every batch that the log writes, below what could hurt while reading. */
export const MAX_PAYLOAD = 16 * 1024 * 1024;

/** The bytes of one frame. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER + payload.length);
  MAGIC.copy(frame);
  frame.writeUInt8(KINDS.indexOf(kind), 4);
  frame.writeUInt32BE(payload.length, 5);
  frame.set(payload, HEADER);
  checksum(frame).copy(frame, 9);
  return frame;
}

/** The whole frame at `offset`, or nothing where there is none: torn, damaged, or not a frame at all. */
export function frameAt(bytes: Buffer, offset: number): Frame | undefined {
  if (offset + HEADER > bytes.length || !bytes.subarray(offset, offset + 4).equals(MAGIC)) return undefined;
  const kind = KINDS[bytes.readUInt8(offset + 4)];
  const payloadLength = bytes.readUInt32BE(offset + 5);
  const length = HEADER + payloadLength;
  if (kind === undefined || payloadLength > MAX_PAYLOAD || offset + length > bytes.length) return undefined;
  const frame = bytes.subarray(offset, offset + length);
  if (!checksum(frame).equals(frame.subarray(9, HEADER))) return undefined;
  return { kind, offset, length, payload: frame.subarray(HEADER) };
}

export interface Scan {
  readonly frames: readonly Frame[];
  /** Bytes between and after the frames that are none. */
  readonly damaged: number;
  /** Where the last whole frame ends: what follows is a torn tail. */
  readonly end: number;
}

/** Every whole frame in order. Damage costs the frames that it touches and none of those after it. */
export function scanFrames(bytes: Buffer): Scan {
  const frames: Frame[] = [];
  let damaged = 0;
  let end = 0;
  let offset = 0;
  while (offset < bytes.length) {
    const frame = frameAt(bytes, offset);
    if (frame === undefined) {
      const next = bytes.indexOf(MAGIC, offset + 1);
      const skipTo = next < 0 ? bytes.length : next;
      damaged += skipTo - offset;
      offset = skipTo;
    } else {
      frames.push(frame);
      offset += frame.length;
      end = offset;
    }
  }
  return { frames, damaged, end };
}

function checksum(frame: Buffer): Buffer {
  const sum = createHash('sha256').update(frame.subarray(4, 9)).update(frame.subarray(HEADER)).digest();
  return sum.subarray(0, 8);
}
