import type { IncomingMessage } from 'node:http';

/** kube-apiserver sends old and new object, each near 3 MiB at most; controllers commonly allow 7 MiB. Bytes. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Bodies of all requests together: as many as fit into a small container beside the rest. Bytes. */
export const MAX_BODIES_BYTES = 256 * 1024 * 1024;
/** An ordinary review is a few KB: those have a room that large bodies, which may be held back on purpose, cannot fill. */
const SMALL_BODY_BYTES = 256 * 1024;
const SMALL_BODIES_BYTES = 64 * 1024 * 1024;

type BodyStatus = 400 | 413 | 415 | 503;

/** The request cannot be read; `status` is the HTTP answer. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: BodyStatus;

  constructor(status: BodyStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** How many bytes the bodies that are held at the same time may have, small ones and large ones apart. */
export class BodyRoom {
  readonly #free: { small: number; large: number };

  constructor(bytes = MAX_BODIES_BYTES, smallBytes = SMALL_BODIES_BYTES) {
    this.#free = { small: smallBytes, large: bytes };
  }

  /** Throws where there is no room: waiting for it would cost the deadline. */
  take(size: BodySize, bytes: number): void {
    if (bytes > this.#free[size]) throw new BodyError(503, 'overloaded: too many large requests at once');
    this.#free[size] -= bytes;
  }

  give(size: BodySize, bytes: number): void {
    this.#free[size] += bytes;
  }
}

type BodySize = 'small' | 'large';

/** By what the request declares, which the HTTP parser holds it to; one that declares nothing may be of any size. */
function sizeOf({ headers }: IncomingMessage): BodySize {
  const declared = Number(headers['content-length'] ?? Number.NaN);
  return declared <= SMALL_BODY_BYTES ? 'small' : 'large';
}

/**
 * Reads the whole body, bounded and complete, and gives it to `use`; its room is free again when that has ended. Throws
 * {@link BodyError} and what `use` throws.
 */
export async function withBody<T>(
  request: IncomingMessage,
  room: BodyRoom,
  use: (body: Uint8Array) => Promise<T>,
): Promise<T> {
  let taken = 0;
  const size = sizeOf(request);
  const take = (bytes: number): void => {
    room.take(size, bytes);
    taken += bytes;
  };
  try {
    return await use(await readBody(request, take));
  } finally {
    room.give(size, taken);
  }
}

async function readBody(
  request: IncomingMessage,
  take: (bytes: number) => void,
  maxBytes = MAX_BODY_BYTES,
): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new BodyError(415, 'expected an uncompressed body');
  }
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) throw new BodyError(413, `expected at most ${maxBytes} bytes`);
  return await collect(request, (chunk, before) => {
    if (before + chunk.length > maxBytes) throw new BodyError(413, `expected at most ${maxBytes} bytes`);
    take(chunk.length);
  });
}

/** By events and not by iterating: an iterator costs as much as the rest of reading, and this is the hot path. */
function collect(
  request: IncomingMessage,
  check: (chunk: Buffer, before: number) => void,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = (error: unknown): void => {
      // Nothing more is read; who answers closes the connection.
      request.removeAllListeners('data').pause();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    request.on('data', (chunk: Buffer) => {
      try {
        check(chunk, length);
      } catch (error) {
        return refuse(error);
      }
      length += chunk.length;
      chunks.push(chunk);
    });
    request.on('end', () => {
      // A peer that leaves in the middle must not leave us a shorter document that happens to parse.
      if (!request.complete) return refuse(endedEarly());
      const [only] = chunks;
      resolve(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length));
    });
    // The peer reset the connection; nobody reads the answer. After 'end' there is no error, and 'close' says nothing.
    request.on('error', () => refuse(endedEarly()));
    request.on('close', () => {
      if (!request.readableEnded) refuse(endedEarly());
    });
  });
}

function endedEarly(): BodyError {
  return new BodyError(400, 'the body ended early');
}
