import { malformed } from './error.js';
import { NOTARY_LIMITS } from './limits.js';

/** RFC 3339, section 5.6, as Go writes it: capital T and Z, up to nine digits of a second. */
const TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/**
 * Milliseconds since the epoch, rounded down. Throws TrustDataError for anything but an RFC 3339 time that exists, and for
 * one that is further ahead than anything expires. `new Date` reads much more, and reads 30 February as a day in March.
 */
export function parseExpiry(text: string, now: number): number {
  const match = text.length <= 40 ? TIME.exec(text) : null;
  if (match === null) throw malformed('expected expires to be a time of RFC 3339 with its zone');
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  const [, , , , , , , fraction = '', sign = '+', zoneHour = '0', zoneMinute = '0'] = match;
  const isInRange =
    hour <= 23 && minute <= 59 && second <= 59 && Number(zoneHour) <= 23 && Number(zoneMinute) <= 59;
  const local = Date.UTC(
    year,
    month - 1,
    day,
    hour,
    minute,
    second,
    Number(fraction.padEnd(3, '0').slice(0, 3)),
  );
  const read = new Date(local);
  const isDay =
    read.getUTCFullYear() === year && read.getUTCMonth() === month - 1 && read.getUTCDate() === day;
  if (!isInRange || !isDay) throw malformed('expected expires to be a time that exists');
  const zoneMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  const time = sign === '-' ? local + zoneMs : local - zoneMs;
  if (time > now + NOTARY_LIMITS.horizonMs)
    throw malformed('expected expires to lie less than a hundred years ahead');
  return time;
}
