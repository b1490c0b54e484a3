/**
 * Keys of the verification bus. They share one hash tag, so that Redis Cluster keeps them on one node and one transaction
 * may touch several.
 */
export const KEYS = {
  /** Stream: requests of all gateways, read by one consumer group. */
  requests: '{connaisseur-bus}:requests',
  /** Sorted set: signed quarantine records by their end. */
  quarantine: '{connaisseur-bus}:quarantine',
  /** Sorted set: subjects that run alone, by the end of the suspicion. */
  suspects: '{connaisseur-bus}:suspects',
  /** Sorted sets: consumers by their last beat, those that take work and those that stay away. */
  verifiers: '{connaisseur-bus}:verifiers',
  isolated: '{connaisseur-bus}:isolated',
  /** Stream: requests whose image was quarantined, for people. */
  dead: '{connaisseur-bus}:dead',
} as const;

/** The one consumer group of the requests. */
export const GROUP = 'verifiers';

/** List: replies for one gateway. */
export function repliesKey(gateway: string): string {
  return `{connaisseur-bus}:replies:${gateway}`;
}

/** Hash: marks of the runs alone of one subject, by run. */
export function marksKey(subject: string): string {
  return `{connaisseur-bus}:alone:${subject}`;
}

/** A name that no other start has: the given one, as far as Redis keys take it, and eight random digits. */
export function uniqueName(name: string, random: (bytes: number) => Uint8Array): string {
  const safe = name.replace(/[^A-Za-z0-9_.-]/g, '-').slice(0, 100);
  return `${safe}-${Buffer.from(random(4)).toString('hex')}`;
}
