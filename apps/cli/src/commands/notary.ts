import { hostname, userInfo } from 'node:os';

import { createRedis, floorSigner, floorVerifier, RedisVersionFloors, type VersionFloorEvent } from '#bus';
import { loadConfiguration } from '#config';
import { ImageReferenceError, parseImageReference } from '#image-ref';
import { floorName, resetFloor } from '#validator-notaryv1';

import { followKeys } from '../follow-keys.js';
import { policySource } from '../policy-source.js';
import { clusterIdentity } from '../cluster-identity.js';
import { type RedisOptions, redisSettings } from '../redis-settings.js';
import { UsageError } from '../usage-error.js';

interface FloorOptions extends RedisOptions {
  readonly keys: string;
  readonly clusterId?: string;
}

export interface NotaryResetsOptions extends FloorOptions {
  readonly output: 'text' | 'json';
}

export interface NotaryResetOptions extends FloorOptions {
  readonly config: string;
  /** Default: every notary server of the configuration. */
  readonly server?: string;
  readonly reason?: string;
}

/**
 * `connaisseur notary reset`: lets verifiers accept older trust data of one collection again, once. Needs a verifier's
 * key, and leaves a signed note of who did it, when and why.
 */
export async function notaryReset(text: string, options: NotaryResetOptions): Promise<void> {
  const collection = parseCollection(text);
  const servers =
    options.server === undefined ? configuredServers(options.config) : [originOf(options.server)];
  if (servers.length === 0) throw new UsageError('the configuration has no notary server: give --server');
  const now = Date.now();
  await withFloors(options, async (floors) => {
    for (const server of servers) {
      await resetAt(floors, server, collection, now);
      await note(floors, { at: new Date(now).toISOString(), server, collection, reason: options.reason });
      process.stdout.write(
        `versions of ${collection} at ${server} are forgotten; verifiers take the next as they are\n`,
      );
    }
  });
}

/**
 * `connaisseur notary resets`: who reset what, when and why. Shows only what a verifier's key signed, and says what it
 * leaves out; needs the public half of that key.
 */
export async function notaryResets(options: NotaryResetsOptions): Promise<void> {
  let left = 0;
  const observe = (event: VersionFloorEvent): void => {
    if (event.kind === 'forged') left += 1;
  };
  const reader = { signs: false, observe };
  const notes = await withFloors(options, (floors) => floors.notes(AbortSignal.timeout(1_000)), reader);
  if (notes === undefined) throw new Error('Redis did not answer: try again');
  for (const note of notes) process.stdout.write(`${options.output === 'json' ? note : line(note)}\n`);
  if (left > 0) process.stderr.write(`left out: ${left} notes that no verifier’s key has signed\n`);
  if (notes.length === 0 && options.output === 'text') process.stderr.write('no resets\n');
}

/** Control characters are no part of a line: a terminal would obey them. */
function line(note: string): string {
  // Signed by a verifier's key; its members are texts, or the reason is missing.
  const { at, by, collection, server, reason } = JSON.parse(note) as Readonly<Record<string, string>>;
  const why = reason === undefined ? 'no reason given' : reason;
  return `${at}  ${collection} at ${server}  by ${by}: ${why}`.replaceAll(/\p{Cc}/gu, '�');
}

async function resetAt(
  floors: RedisVersionFloors,
  server: string,
  collection: string,
  now: number,
): Promise<void> {
  const name = floorName(server, collection);
  const record = resetFloor(now);
  await floors.write(name, record);
  if ((await floors.read(name, AbortSignal.timeout(1_000))) === record) return;
  throw new Error('Redis did not take the reset: try again, and see that the keys are a verifier’s');
}

async function note(
  floors: RedisVersionFloors,
  { reason, ...what }: { at: string; server: string; collection: string; reason: string | undefined },
): Promise<void> {
  const by = `${userInfo().username}@${hostname()}`;
  const text = JSON.stringify({
    ...what,
    by,
    ...(reason === undefined ? {} : { reason: reason.slice(0, 500) }),
  });
  if (!(await floors.note(text)))
    process.stderr.write('the reset holds, but Redis did not take the note of it\n');
}

async function withFloors<T>(
  options: FloorOptions,
  work: (floors: RedisVersionFloors) => Promise<T>,
  { signs, observe }: { signs: boolean; observe: (event: VersionFloorEvent) => void } = WRITER,
): Promise<T> {
  const keys = followKeys(options.keys);
  const verdicts = (): ReturnType<typeof keys>['verdicts'] => keys().verdicts;
  const redis = createRedis(redisSettings(options), 'patient', () => undefined);
  try {
    await redis.ping();
    return await work(
      new RedisVersionFloors({
        redis,
        cluster: clusterIdentity(options.clusterId, options.keys),
        verifier: floorVerifier(verdicts),
        ...(signs ? { signer: floorSigner(verdicts) } : {}),
        now: Date.now,
        observe,
      }),
    );
  } finally {
    redis.disconnect();
  }
}

const WRITER = { signs: true, observe: (): undefined => undefined };

function parseCollection(text: string): string {
  try {
    const { repository, digest } = parseImageReference(text);
    const isBare = digest === undefined && !/:[^/]*$/.test(text.replace(/^[^/]*/, ''));
    if (isBare) return repository;
  } catch (error) {
    if (!(error instanceof ImageReferenceError)) throw error;
  }
  throw new UsageError('expected a repository without tag and digest, such as docker.io/acme/app');
}

function configuredServers(config: string): readonly string[] {
  const { validators } = loadConfiguration(policySource(config));
  const hosts = validators.flatMap((validator) => (validator.type === 'notaryv1' ? [validator.host] : []));
  return [...new Set(hosts.map(originOf))];
}

function originOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url.origin;
  throw new UsageError('expected the notary server as a URL, such as https://notary.example');
}
