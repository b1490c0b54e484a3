// Over 200 lines: the rows about one subject stay together, each beside its twin.
import { setTimeout } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { parseImageReference } from '#image-ref';
import { RegistryError, type RegistryReason } from '#registry';
import { type ContentDescriptor, CosignSigner, pushBundle, pushImage, pushLegacySignature } from '#testing';
import { type Proof, type RuleOptions, Trace } from '#validator';

import {
  CosignValidator,
  InMemorySignatureSource,
  type Repository,
  type SourceDescriptor,
  type SourceManifest,
} from './index.js';

const REPOSITORY = 'registry.example.org/team/app';
const alice = new CosignSigner();
const bob = new CosignSigner();
const mallory = new CosignSigner();

type Question = 'image' | '.sig' | 'referrers' | 'referrer' | 'blob';

/**
 * A source of which some questions fail, or never get an answer. Answers come in rounds, and what is asked at once
 * shares one.
 */
class FaultySource extends InMemorySignatureSource {
  readonly failing = new Map<Question, RegistryReason | 'hang'>();
  rounds = 0;
  #round: Promise<void> | undefined;

  override async manifest(...args: [Repository, string, AbortSignal]): Promise<SourceManifest | undefined> {
    const [, reference, signal] = args;
    await this.#fail(
      reference.endsWith('.sig') ? '.sig' : reference.startsWith('sha256:') ? 'referrer' : 'image',
      signal,
    );
    return super.manifest(...args);
  }

  override async referrers(
    ...args: Parameters<InMemorySignatureSource['referrers']>
  ): Promise<readonly SourceDescriptor[]> {
    await this.#fail('referrers', args[2]);
    return super.referrers(...args);
  }

  override async blob(...args: Parameters<InMemorySignatureSource['blob']>): Promise<Uint8Array | undefined> {
    await this.#fail('blob', args[3]);
    return super.blob(...args);
  }

  async #fail(question: Question, signal: AbortSignal): Promise<void> {
    const reason = this.failing.get(question);
    if (reason === 'hang') await forever(signal);
    else if (reason !== undefined)
      throw new RegistryError(reason, 'registry.example.org', 'as the test wants it');
    await (this.#round ??= this.#openRound());
  }

  async #openRound(): Promise<void> {
    this.rounds += 1;
    await setTimeout(1);
    this.#round = undefined;
  }
}

function forever(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

interface World {
  readonly source: FaultySource;
  readonly image: ContentDescriptor;
  readonly trace: Trace;
  readonly pinned: string;
}

async function world(): Promise<World> {
  const source = new FaultySource();
  const image = await pushImage(source, 'team/app', { tag: 'v1' });
  return { source, image, trace: new Trace(), pinned: `${REPOSITORY}@${image.digest}` };
}

const legacy = (signer: CosignSigner, { source, image }: World): Promise<unknown> =>
  pushLegacySignature(source, 'team/app', image.digest, [
    signer.signLegacy({ repository: REPOSITORY, digest: image.digest }),
  ]);
const bundle = (signer: CosignSigner, { source, image }: World): Promise<unknown> =>
  pushBundle(source, 'team/app', image, signer.signBundle({ digest: image.digest }));

interface Asked {
  readonly reference?: string;
  readonly signal?: AbortSignal;
  readonly options?: Partial<RuleOptions>;
}

function check(
  { source, trace, pinned }: World,
  { reference = pinned, signal = AbortSignal.timeout(5_000), options = {} }: Asked = {},
): Promise<Proof> {
  const trustRoots = [
    { name: 'alice', material: { kind: 'key', pem: alice.key.publicKeyPem } as const },
    { name: 'bob', material: { kind: 'key', pem: bob.key.publicKeyPem } as const },
  ];
  const validator = new CosignValidator({ name: 'acme', trustRoots }, { source, logKeys: [] });
  const all = {
    trustRoot: 'alice',
    mode: 'mutate',
    verifyInTransparencyLog: false,
    verifySCT: true,
    verificationLevel: 'strict',
    verifyTimestamp: 'always',
    ...options,
  } as const;
  return validator.bind(all).check(parseImageReference(reference), { now: new Date(), signal, trace });
}

describe('refused needs an answer from every place; enough needs it from none but its own', () => {
  const unreachable = expect.objectContaining({ name: 'RegistryError', reason: 'unreachable' });
  test.for<{
    name: string;
    failing: Question;
    put: ((w: World) => Promise<unknown>)[];
    is: 'admitted' | 'undecided' | 'refused';
  }>([
    { name: 'no .sig answer, nothing among the referrers', failing: '.sig', put: [], is: 'undecided' },
    { name: 'no referrers answer, nothing under the tag', failing: 'referrers', put: [], is: 'undecided' },
    {
      name: 'no referrers answer, an unknown signature under the tag',
      failing: 'referrers',
      put: [(w) => legacy(mallory, w)],
      is: 'undecided',
    },
    {
      name: 'no .sig answer, an unknown signature among the referrers',
      failing: '.sig',
      put: [(w) => bundle(mallory, w)],
      is: 'undecided',
    },
    {
      name: 'a referrer that cannot be fetched',
      failing: 'referrer',
      put: [(w) => bundle(mallory, w)],
      is: 'undecided',
    },
    {
      name: 'a bundle that cannot be fetched',
      failing: 'blob',
      put: [(w) => bundle(alice, w)],
      is: 'undecided',
    },
    {
      name: 'no referrers answer, a good signature under the tag',
      failing: 'referrers',
      put: [(w) => legacy(alice, w)],
      is: 'admitted',
    },
    {
      name: 'no .sig answer, a good signature among the referrers',
      failing: '.sig',
      put: [(w) => bundle(alice, w)],
      is: 'admitted',
    },
    {
      name: 'a bundle that cannot be fetched, a good signature under the tag',
      failing: 'blob',
      put: [(w) => bundle(mallory, w), (w) => legacy(alice, w)],
      is: 'admitted',
    },
    {
      name: 'a failing place that nobody asks',
      failing: 'image',
      put: [(w) => legacy(mallory, w)],
      is: 'refused',
    },
  ])('$name', async ({ failing, put, is }) => {
    const w = await world();
    for (const each of put) await each(w);
    w.source.failing.set(failing, 'unreachable');
    if (is === 'admitted') await expect(check(w)).resolves.toEqual({ digest: w.image.digest });
    else if (is === 'refused')
      await expect(check(w)).rejects.toMatchObject({ name: 'RefusedError', code: 'CNS-1004' });
    else await expect(check(w)).rejects.toEqual(unreachable);
  });

  test.for<RegistryReason>([
    'unauthorized',
    'rate-limited',
    'timed-out',
    'malformed',
    'too-large',
    'refused-by-policy',
  ])('G30: %s is no "there is none"', async (reason) => {
    const w = await world();
    w.source.failing.set('referrers', reason);
    await expect(check(w)).rejects.toMatchObject({ name: 'RegistryError', reason });
  });

  test('half a threshold and a place that cannot be looked at', async () => {
    const w = await world();
    await legacy(alice, w);
    const options = { trustRoot: '*', threshold: 2 };
    await expect(check(w, { options })).rejects.toMatchObject({ code: 'CNS-1008' });
    w.source.failing.set('referrers', 'unreachable');
    await expect(check(w, { options })).rejects.toEqual(unreachable);
  });

  test('the tag cannot be resolved', async () => {
    const w = await world();
    w.source.failing.set('image', 'unauthorized');
    await expect(check(w, { reference: `${REPOSITORY}:v1` })).rejects.toMatchObject({
      reason: 'unauthorized',
    });
  });
});

describe('the search stops', () => {
  test('with enough, although another place never answers', async () => {
    const w = await world();
    await legacy(alice, w);
    w.source.failing.set('referrers', 'hang');
    await expect(check(w)).resolves.toEqual({ digest: w.image.digest });
  });

  test.for<Question>(['.sig', 'referrers', 'blob'])(
    'with the deadline, while %s never answers',
    async (question) => {
      const w = await world();
      await bundle(alice, w);
      w.source.failing.set('.sig', 'hang');
      w.source.failing.set(question, 'hang');
      const stop = new AbortController();
      const checked = check(w, { signal: stop.signal, options: { trustRoot: '*', threshold: 2 } });
      await setTimeout(30);
      stop.abort(new DOMException('too late', 'TimeoutError'));
      await expect(checked).rejects.toMatchObject({ name: 'TimeoutError' });
    },
  );

  test('before it began, if the deadline was there before', async () => {
    const w = await world();
    await legacy(alice, w);
    await expect(
      check(w, { signal: AbortSignal.abort(new DOMException('too late', 'TimeoutError')) }),
    ).rejects.toMatchObject({
      name: 'TimeoutError',
    });
  });

  test('and writes no evidence afterwards', async () => {
    const w = await world();
    await legacy(alice, w);
    await bundle(bob, w);
    await check(w);
    const before = w.trace.steps.length;
    await setTimeout(30);
    expect(w.trace.steps).toHaveLength(before);
  });
});

describe('round trips, one after another', () => {
  test.for<{
    name: string;
    by: 'digest' | 'tag';
    put: (w: World) => Promise<unknown>;
    rounds: number;
    blobs: number;
  }>([
    { name: 'legacy by digest', by: 'digest', put: (w) => legacy(alice, w), rounds: 1, blobs: 0 },
    { name: 'legacy by tag', by: 'tag', put: (w) => legacy(alice, w), rounds: 2, blobs: 0 },
    { name: 'bundle by digest', by: 'digest', put: (w) => bundle(alice, w), rounds: 3, blobs: 1 },
    { name: 'bundle by tag', by: 'tag', put: (w) => bundle(alice, w), rounds: 4, blobs: 1 },
    {
      name: 'five bundles: as many as one',
      by: 'digest',
      put: (w) => Promise.all([mallory, mallory, mallory, mallory, alice].map((signer) => bundle(signer, w))),
      rounds: 3,
      blobs: 5,
    },
  ])('$name: $rounds', async ({ by, put, rounds, blobs }) => {
    const w = await world();
    await put(w);
    await check(w, { reference: by === 'tag' ? `${REPOSITORY}:v1` : w.pinned });
    expect(w.source.rounds).toBe(rounds);
    expect(w.source.asked.filter((question) => question.startsWith('blob'))).toHaveLength(blobs);
  });
});
