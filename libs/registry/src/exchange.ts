import type { Dispatcher } from 'undici';

import type { HttpAnswer, HttpRequest } from './http-transport.js';
import { TRANSPORT_LIMITS } from './limits.js';
import { toTransportError, TransportError } from './transport-error.js';
import { BudgetSpentError } from './verification-budget.js';

export interface ExchangeSettings {
  readonly userAgent: string;
  readonly requestMs: number;
}

/** One request and its whole answer, or a TransportError; ends at the signal or after `requestMs`, whichever is first. */
export async function exchange(
  dispatcher: Dispatcher,
  request: HttpRequest,
  { userAgent, requestMs }: ExchangeSettings,
  signal: AbortSignal,
): Promise<Omit<HttpAnswer, 'network'>> {
  const { host } = request.url;
  const deadline = new AbortController();
  const abort = (): void => deadline.abort();
  // undici's own timeouts start again with each byte: only an absolute deadline ends a drip.
  const timer = setTimeout(abort, requestMs);
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (signal.aborted) abort();
    const answer = await dispatcher.request({
      method: request.method,
      path: `${request.url.pathname}${request.url.search}`,
      headers: { 'user-agent': userAgent, ...request.headers, 'accept-encoding': 'identity' },
      body: request.body ?? null,
      signal: deadline.signal,
    });
    const headers = readHeaders(answer.headers, host);
    const isSuccess = answer.statusCode >= 200 && answer.statusCode < 300;
    const body = isSuccess
      ? await readBody(answer.body, headers, request, host)
      : await readErrorBody(answer.body, request);
    return { status: answer.statusCode, headers, body };
  } catch (error) {
    if (error instanceof TransportError || error instanceof BudgetSpentError) throw error;
    if (deadline.signal.aborted) throw new TransportError('timed-out', host, 'DEADLINE');
    throw toTransportError(error, host);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function readHeaders(
  raw: Readonly<Record<string, string | string[] | undefined>>,
  host: string,
): ReadonlyMap<string, string> {
  const entries = Object.entries(raw);
  if (entries.length > TRANSPORT_LIMITS.headersCount)
    throw new TransportError('too-large', host, 'HEADERS_COUNT');
  return new Map(
    entries.map(([name, value = '']) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : value,
    ]),
  );
}

type Body = Dispatcher.ResponseData['body'];

interface Bounds {
  readonly maxBytes: number;
  readonly onBytes?: HttpRequest['onBytes'] | undefined;
}

async function readBody(
  body: Body,
  headers: ReadonlyMap<string, string>,
  { maxBytes, onBytes }: Bounds,
  host: string,
): Promise<Uint8Array> {
  const coding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  // We asked for identity: what comes encoded is not decoded, so nothing can grow in our hands.
  const isEncoded = coding !== '' && coding !== 'identity';
  const isTooLong = Number(headers.get('content-length') ?? 0) > maxBytes;
  if (isEncoded || isTooLong) giveUp(body);
  if (isEncoded) throw new TransportError('malformed', host, 'CONTENT_ENCODING');
  const bytes = isTooLong ? undefined : await readAtMost(body, { maxBytes, onBytes });
  if (bytes === undefined) throw new TransportError('too-large', host, 'BODY');
  return bytes;
}

async function readErrorBody(body: Body, { onBytes }: Bounds): Promise<Uint8Array> {
  const maxBytes = TRANSPORT_LIMITS.errorBodyBytes;
  return (await readAtMost(body, { maxBytes, onBytes })) ?? new Uint8Array();
}

/** All bytes, or `undefined` where there are more than `maxBytes`; the connection is then given up. */
async function readAtMost(body: Body, { maxBytes, onBytes }: Bounds): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // undici types the chunks as any; they are Buffers while no encoding is set.
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    length += chunk.byteLength;
    onBytes?.(chunk.byteLength);
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function giveUp(body: Body): void {
  body.on('error', () => undefined).destroy();
}
