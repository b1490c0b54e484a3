import type { ReceiverConfig } from '#config';

import type { AlertRequest } from './transport.js';

/** What is sent: the body and the ids that let a receiver know a repetition (A16). */
export interface AlertPayload {
  readonly body: string;
  readonly alertId: string;
  readonly eventId: string;
}

/** RFC 9110, 5.6.2. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/;
/** Visible ASCII, blanks and obs-text; no line break can start a header of its own (A04). */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,8192}$/;
/** Framing belongs to the transport. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const MAX_ANSWER_BYTES = 256 * 1024;

/** The request for a receiver, or nothing where its URL or a header cannot be sent. The one place that reveals both. */
export function alertRequest(receiver: ReceiverConfig, payload: AlertPayload): AlertRequest | undefined {
  const url = URL.parse(receiver.receiverUrl.reveal());
  const headers = headersOf(receiver, payload);
  if (url === null || headers === undefined || !/^https?:$/.test(url.protocol)) return undefined;
  moveUserInfo(url, headers);
  return {
    method: 'POST',
    url,
    headers: Object.fromEntries(headers),
    body: payload.body,
    maxBytes: MAX_ANSWER_BYTES,
    purpose: 'alert',
    // Receivers inside the cluster are usual; this machine is only meant when the URL says so.
    reach: isLoopback(url.hostname) ? 'loopback' : 'private',
    insecurePlainHttp: url.protocol === 'http:',
  };
}

/** Ours first, so that `customHeaders` can replace them; names are compared without case. */
function headersOf(
  receiver: ReceiverConfig,
  { alertId, eventId }: AlertPayload,
): Map<string, string> | undefined {
  const headers = new Map([
    ['content-type', 'application/json'],
    ['idempotency-key', alertId],
    ['x-connaisseur-event-id', eventId],
  ]);
  for (const { name, value } of receiver.customHeaders) {
    const key = name.toLowerCase();
    const text = value.reveal();
    if (!HEADER_NAME.test(name) || !HEADER_VALUE.test(text) || OWN_HEADERS.has(key)) return undefined;
    headers.set(key, text);
  }
  return headers;
}

/** `https://user:password@host` is basic authentication, as clients have it, and leaves the URL. */
function moveUserInfo(url: URL, headers: Map<string, string>): void {
  if (url.username === '' && url.password === '') return;
  const credentials = `${safeDecode(url.username)}:${safeDecode(url.password)}`;
  if (!headers.has('authorization'))
    headers.set('authorization', `Basic ${Buffer.from(credentials).toString('base64')}`);
  url.username = '';
  url.password = '';
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign is itself.
    return text;
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
