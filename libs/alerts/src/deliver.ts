import type { ReceiverConfig } from '#config';

import { type AlertPayload, alertRequest } from './alert-request.js';
import { classifyAnswer } from './classify-answer.js';
import type { DeliveryFault, DeliveryOutcome } from './delivery-outcome.js';
import { resolveProfile } from './profile.js';
import type { AlertTransport } from './transport.js';

/** One alert on its way to one receiver. */
export interface Delivery {
  readonly payload: AlertPayload;
  /** The attempt ends after this, whatever the receiver does. */
  readonly timeoutMs: number;
  /** Milliseconds since the epoch, for a `Retry-After` that is a date. */
  readonly now: number;
}

/**
 * One attempt, one outcome; never throws for what the receiver or the network does. URL and headers go to the transport
 * and nowhere else: no outcome has a part of them (A09).
 */
export async function deliver(
  receiver: ReceiverConfig,
  { payload, timeoutMs, now }: Delivery,
  transport: AlertTransport,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const request = alertRequest(receiver, payload);
  if (request === undefined) {
    const message =
      'expected an http or https receiverUrl and customHeaders without line breaks and framing headers';
    return { kind: 'dead', reason: 'INVALID_RECEIVER', message };
  }
  if (signal.aborted) return GIVEN_UP;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await transport.request(request, AbortSignal.any([signal, timeout]));
    return classifyAnswer(answer, resolveProfile(receiver.template, request.url.hostname), now);
  } catch (error) {
    if (signal.aborted) return GIVEN_UP;
    if (timeout.aborted)
      return { kind: 'retry', reason: 'TIMED_OUT', message: 'the receiver did not answer in time' };
    return transportFault(error);
  }
}

const GIVEN_UP: DeliveryOutcome = { kind: 'retry', reason: 'CANCELLED', message: 'the attempt was given up' };

/** The reasons of the transport, and whether another attempt can help. */
const TRANSPORT_FAULTS: ReadonlyMap<
  unknown,
  { kind: 'retry' | 'dead'; reason: DeliveryFault; message: string }
> = new Map([
  ['timed-out', { kind: 'retry', reason: 'TIMED_OUT', message: 'the receiver did not answer in time' }],
  [
    'malformed',
    { kind: 'retry', reason: 'UNEXPECTED_ANSWER', message: 'the receiver does not answer in HTTP' },
  ],
  [
    'too-large',
    { kind: 'retry', reason: 'UNEXPECTED_ANSWER', message: 'the receiver answers more than is read' },
  ],
  [
    'refused-by-policy',
    {
      kind: 'dead',
      reason: 'FORBIDDEN_ADDRESS',
      message: 'receiverUrl is an address that alerts may not go to',
    },
  ],
]);

/** Of an error of the transport only closed words leave: its message may quote what it was given. */
function transportFault(error: unknown): DeliveryOutcome {
  const reason: unknown = error instanceof Error && 'reason' in error ? error.reason : undefined;
  const known = TRANSPORT_FAULTS.get(reason);
  const detail = wordOf(error, 'detail') ?? wordOf(error, 'code');
  const suffix = detail === undefined ? '' : ` (${detail})`;
  if (known !== undefined) return { ...known, message: `${known.message}${suffix}` };
  return {
    kind: 'retry',
    reason: 'UNREACHABLE',
    message: `the receiver cannot be reached${suffix}; check DNS, TLS and egress`,
  };
}

function wordOf(error: unknown, member: 'detail' | 'code'): string | undefined {
  const value: unknown = error instanceof Error ? Reflect.get(error, member) : undefined;
  return typeof value === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(value) ? value : undefined;
}
