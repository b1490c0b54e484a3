import type { IncomingMessage } from 'node:http';

/** kube-apiserver sends old and new object, each near 3 MiB at most; controllers commonly allow 7 MiB. Bytes. */
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The request cannot be read; `status` is the HTTP answer. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/** The whole body, bounded and complete; throws {@link BodyError}. */
export async function readBody(request: IncomingMessage, maxBytes = MAX_BODY_BYTES): Promise<Uint8Array> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new BodyError(415, 'expected an uncompressed body');
  }
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) throw new BodyError(413, `expected at most ${maxBytes} bytes`);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new BodyError(413, `expected at most ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  // A peer that leaves in the middle must not leave us a shorter document that happens to parse.
  if (!request.complete) throw new BodyError(400, 'the body ended early');
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}
