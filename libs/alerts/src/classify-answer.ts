import type { DeliveryFault, DeliveryOutcome } from './delivery-outcome.js';
import type { ResolvedProfile } from './profile.js';
import { retryAfterMs } from './retry-after.js';
import type { AlertAnswer } from './transport.js';

/** A row of the table: the first one whose range has the status counts. */
interface StatusClass {
  readonly from: number;
  readonly to: number;
  readonly kind: 'retry' | 'dead';
  readonly reason: DeliveryFault;
  readonly message: string;
}

/** Whether to try again is data (F19): 429 and what may pass by itself is retried, what we would repeat in vain is not. */
const STATUS_CLASSES: readonly StatusClass[] = [
  {
    from: 300,
    to: 399,
    kind: 'dead',
    reason: 'REDIRECTED',
    message: 'redirects are not followed; set receiverUrl to the final address',
  },
  {
    from: 401,
    to: 401,
    kind: 'dead',
    reason: 'REFUSED',
    message: 'the receiver refuses our credentials; check customHeaders',
  },
  {
    from: 403,
    to: 403,
    kind: 'dead',
    reason: 'REFUSED',
    message: 'the receiver refuses our credentials; check customHeaders and receiverUrl',
  },
  {
    from: 404,
    to: 404,
    kind: 'dead',
    reason: 'REFUSED',
    message: 'nothing is at receiverUrl; create the webhook anew',
  },
  {
    from: 408,
    to: 408,
    kind: 'retry',
    reason: 'TIMED_OUT',
    message: 'the receiver did not get the whole request in time',
  },
  { from: 410, to: 410, kind: 'dead', reason: 'REFUSED', message: 'the webhook is gone; create it anew' },
  {
    from: 413,
    to: 413,
    kind: 'dead',
    reason: 'REFUSED',
    message: 'the payload is too large; shorten the template',
  },
  {
    from: 422,
    to: 422,
    kind: 'dead',
    reason: 'REFUSED',
    message: 'the receiver refuses a field; check template and payloadFields',
  },
  { from: 425, to: 425, kind: 'retry', reason: 'SERVER_ERROR', message: 'the receiver is not ready' },
  { from: 429, to: 429, kind: 'retry', reason: 'RATE_LIMITED', message: 'the receiver limits our requests' },
  {
    from: 400,
    to: 499,
    kind: 'dead',
    reason: 'REFUSED',
    message: 'the receiver refuses the request; check template and receiverUrl',
  },
  {
    from: 500,
    to: 599,
    kind: 'retry',
    reason: 'SERVER_ERROR',
    message: 'the receiver has a fault of its own',
  },
  {
    from: 0,
    to: 999,
    kind: 'retry',
    reason: 'UNEXPECTED_ANSWER',
    message: 'the receiver answers something that is not expected',
  },
];

/** Much more than any error word of a receiver. */
const MAX_WORD_BYTES = 2048;

/** What an answer means. `now` is milliseconds since the epoch. */
export function classifyAnswer(answer: AlertAnswer, resolved: ResolvedProfile, now: number): DeliveryOutcome {
  const { status } = answer;
  const word = textOf(answer.body);
  const explanation = explain(word, resolved);
  if (status >= 200 && status <= 299) return classifySuccess(status, word, explanation, resolved);
  const row = STATUS_CLASSES.find(({ from, to }) => status >= from && status <= to);
  if (row === undefined) throw new TypeError(`expected an HTTP status, got ${status}`);
  const failure = { reason: row.reason, status, message: `HTTP ${status}: ${explanation ?? row.message}` };
  if (row.kind === 'dead') return { kind: 'dead', ...failure };
  const afterMs =
    row.reason === 'RATE_LIMITED' ? retryAfterMs(answer.headers.get('retry-after'), now) : undefined;
  return { kind: 'retry', ...failure, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** 2xx is success, but for a host that says more in the body (A18). An unknown body may be a proxy's page: try again. */
function classifySuccess(
  status: number,
  word: string,
  explanation: string | undefined,
  { profile, isKnownHost }: ResolvedProfile,
): DeliveryOutcome {
  if (profile.success === 'status' || !isKnownHost || word === 'ok' || jsonMember(word, 'ok') === true) {
    return { kind: 'delivered', status };
  }
  if (explanation !== undefined)
    return { kind: 'dead', reason: 'REFUSED', status, message: `HTTP ${status}: ${explanation}` };
  const message = `HTTP ${status}: the body is not the confirmation that ${profile.name} gives; check proxies`;
  return { kind: 'retry', reason: 'UNEXPECTED_ANSWER', status, message };
}

/** Only words of our own table leave: the rest of a body is the receiver's, and may hold anything. */
function explain(word: string, { profile }: ResolvedProfile): string | undefined {
  const error = jsonMember(word, 'error');
  const key = typeof error === 'string' ? error : word;
  const meaning = profile.faults.get(key);
  return meaning === undefined ? undefined : `${key}: ${meaning}`;
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, MAX_WORD_BYTES)).trim();
}

function jsonMember(text: string, name: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && name in value
      ? (value as Record<string, unknown>)[name]
      : undefined;
  } catch {
    // Cut or broken JSON has no members; the status alone decides then.
    return undefined;
  }
}
