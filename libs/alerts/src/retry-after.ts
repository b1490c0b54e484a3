const MIN_MS = 250;
const MAX_MS = 3_600_000;

/** `Retry-After` (RFC 9110, 10.2.3) in milliseconds from `now`, within a quarter of a second and an hour; nothing where there is none. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const ms = /^\d{1,9}(?:\.\d{1,6})?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.round(Math.min(MAX_MS, Math.max(MIN_MS, ms))) : undefined;
}
