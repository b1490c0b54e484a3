import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** An answer before it is sent. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Ways in which an HTTP server can be wrong, slow or hostile. */
export type Toxic =
  /** Another answer altogether. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  /** The right answer with other headers; `undefined` takes one away. */
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string | undefined>> }
  /** The right headers over other bytes. */
  | { readonly kind: 'body'; readonly body: string | Uint8Array }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  /** A login page, as captive portals and proxies answer. */
  | { readonly kind: 'html' }
  /** Chunks without end. */
  | { readonly kind: 'endless' }
  /** One byte at a time. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  /** A `Content-Length` that is not kept. */
  | { readonly kind: 'truncated' }
  /** Some kilobytes that unpack to `unpackedBytes`. */
  | { readonly kind: 'gzip-bomb'; readonly unpackedBytes: number }
  /** The connection is reset without an answer. */
  | { readonly kind: 'reset' }
  /** No answer. */
  | { readonly kind: 'hang' }
  /** The right answer, late. */
  | { readonly kind: 'late'; readonly ms: number };

/** Sends an answer, spoiled; resolves to the status that was sent, 0 for none. */
export async function sendToxic(
  response: ServerResponse,
  answer: PlainAnswer,
  toxic: Toxic,
): Promise<number> {
  switch (toxic.kind) {
    case 'endless':
      return sendEndless(response, answer);
    case 'drip':
      return sendDrip(response, answer, toxic.everyMs);
    case 'truncated':
      return sendTruncated(response, answer);
    case 'reset':
      response.socket?.resetAndDestroy();
      return 0;
    case 'hang':
      return 0;
    case 'late':
      await sleep(toxic.ms);
      return sendPlain(response, answer);
    case 'answer':
    case 'headers':
    case 'body':
    case 'redirect':
    case 'html':
    case 'gzip-bomb':
      return sendPlain(response, otherAnswer(answer, toxic));
  }
}

/** Sends an answer as it is. */
export function sendPlain(response: ServerResponse, { status, headers, body }: PlainAnswer): number {
  response.writeHead(status, { ...headers, 'content-length': String(body.byteLength) });
  response.end(body);
  return status;
}

const LOGIN_PAGE =
  '<!doctype html><title>Sign in</title><form action="/login"><input name="password"></form>';

/** Where it is the answer that is wrong, and not the way in which it is sent. */
function otherAnswer(
  answer: PlainAnswer,
  toxic: Extract<Toxic, { kind: 'answer' | 'headers' | 'body' | 'redirect' | 'html' | 'gzip-bomb' }>,
): PlainAnswer {
  switch (toxic.kind) {
    case 'answer': {
      const { status, headers = {}, body = '' } = toxic;
      return { status, headers, body: Buffer.from(body) };
    }
    case 'headers':
      return { ...answer, headers: overlaid(answer.headers, toxic.headers) };
    case 'body':
      return { ...answer, body: Buffer.from(toxic.body) };
    case 'redirect': {
      const { status = 307, location } = toxic;
      return { status, headers: { location }, body: Buffer.alloc(0) };
    }
    case 'html':
      return { status: 200, headers: { 'content-type': 'text/html' }, body: Buffer.from(LOGIN_PAGE) };
    case 'gzip-bomb': {
      const body = gzipSync(Buffer.alloc(toxic.unpackedBytes, 0x20));
      return { ...answer, headers: { ...answer.headers, 'content-encoding': 'gzip' }, body };
    }
  }
}

function overlaid(
  headers: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const entries = Object.entries({ ...headers, ...others });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function sendEndless(response: ServerResponse, answer: PlainAnswer): number {
  response.writeHead(answer.status, answer.headers);
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  const write = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', write);
  write();
  return answer.status;
}

async function sendDrip(response: ServerResponse, answer: PlainAnswer, everyMs: number): Promise<number> {
  response.writeHead(answer.status, answer.headers);
  for (const byte of answer.body) {
    if (response.destroyed) break;
    response.write(Buffer.from([byte]));
    await sleep(everyMs);
  }
  response.end();
  return answer.status;
}

function sendTruncated(response: ServerResponse, answer: PlainAnswer): number {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.byteLength) });
  response.write(answer.body.subarray(0, answer.body.byteLength >> 1), () => response.socket?.destroy());
  return answer.status;
}
