import { setTimeout as sleep } from 'node:timers/promises';

import type { HttpAnswer } from './http-transport.js';
import { REGISTRY_LIMITS } from './limits.js';
import { TransportError } from './transport-error.js';

/** What is asked again, how often in all, and the longest pause before the second attempt; later ones triple it. */
const RETRIES: readonly {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly details: readonly string[];
  readonly attempts: number;
  readonly pauseMs: number;
}[] = [
  {
    name: 'the server or a proxy before it stumbled',
    statuses: [500, 502, 503, 504],
    details: [],
    attempts: 3,
    pauseMs: 100,
  },
  { name: 'we are too fast', statuses: [429], details: [], attempts: 2, pauseMs: 500 },
  {
    name: 'the connection broke',
    statuses: [],
    details: [
      'ECONNRESET',
      'EPIPE',
      'UND_ERR_SOCKET',
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'UND_ERR_RES_EXCEEDED_CONTENT_LENGTH',
    ],
    attempts: 3,
    pauseMs: 50,
  },
  { name: 'nobody listens', statuses: [], details: ['ECONNREFUSED', 'EAI_AGAIN'], attempts: 2, pauseMs: 200 },
];

export interface RetryOptions {
  /** From 0 up to 1: the jitter. */
  readonly random: () => number;
  readonly now: () => number;
}

/**
 * Sends an idempotent request again where the table says so. What the last attempt gave is the result, also when the
 * signal ends a pause: the reason why we would have asked again says more than that time ran out.
 */
export async function withRetries(
  send: () => Promise<HttpAnswer>,
  { random, now }: RetryOptions,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await settle(send);
    const pauseMs = pauseBefore(attempt + 1, outcome, random, now);
    if (pauseMs === undefined || !(await paused(pauseMs, signal))) {
      if (outcome instanceof TransportError) throw outcome;
      return outcome;
    }
  }
}

/** RFC 9110, 5.6.7, IMF-fixdate; `Date.parse` alone reads a date in almost anything. */
const HTTP_DATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} [0-2]\d:[0-5]\d:[0-5]\d GMT$/;

/** `Retry-After` in milliseconds, seconds or HTTP date; RFC 9110, 10.2.3. Never negative, and believed up to a bound. */
export function retryAfterOf(answer: HttpAnswer, now: () => number): number | undefined {
  const text = answer.headers.get('retry-after')?.trim();
  if (text === undefined) return undefined;
  const isDate = HTTP_DATE.test(text);
  if (!isDate && !/^[0-9]{1,10}$/.test(text)) return undefined;
  const milliseconds = isDate ? Date.parse(text) - now() : Number(text) * 1000;
  if (!Number.isFinite(milliseconds)) return undefined;
  return Math.min(Math.max(0, milliseconds), REGISTRY_LIMITS.retryAfterMaxMs);
}

async function settle(send: () => Promise<HttpAnswer>): Promise<HttpAnswer | TransportError> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof TransportError) return error;
    throw error;
  }
}

function pauseBefore(
  attempt: number,
  outcome: HttpAnswer | TransportError,
  random: () => number,
  now: () => number,
): number | undefined {
  const row = RETRIES.find(({ statuses, details }) =>
    outcome instanceof TransportError ? details.includes(outcome.detail) : statuses.includes(outcome.status),
  );
  if (row === undefined || attempt > row.attempts) return undefined;
  const asked = outcome instanceof TransportError ? undefined : retryAfterOf(outcome, now);
  if (asked !== undefined) return asked <= REGISTRY_LIMITS.retryAfterWaitMs ? asked : undefined;
  return random() * row.pauseMs * 3 ** (attempt - 2);
}

async function paused(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}
