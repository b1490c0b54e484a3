import type { ImageReference } from '#image-ref';
import {
  type CheckContext,
  type Proof,
  type RuleCheck,
  type RuleOptions,
  Validator,
  ValidatorSetupError,
} from '#validator';

import { TrustDataError } from './error.js';
import { traceChain, traceTarget } from './explain-chain.js';
import type { FileSource } from './file-source.js';
import { findTarget, type FoundTarget } from './find-target.js';
import type { FloorStore } from './floor-store.js';
import type { NotaryObserver } from './notary-event.js';
import { type Pin, Pins, type TrustRootConfig } from './pins.js';
import { toVerdictError } from './refusal.js';
import { delegationOf, type TargetsRole, wayOf } from './role-name.js';
import { endOfLife } from './timestamp-age.js';
import { assertAlive, type TrustData } from './trust-store.js';
import { DEFAULT_FRESH_MS, TrustUpdater } from './trust-updater.js';

/** What this validator needs of its configuration. */
export interface NotaryV1ValidatorConfig {
  readonly name: string;
  readonly trustRoots: readonly TrustRootConfig[];
  /** True: a root key's certificate need not name the collection, so one collection's trust data serve for another's. */
  readonly unsafeIgnoreCollectionName: boolean;
  /** How long after it was first seen a version of the timestamp still serves. Default: until it expires. */
  readonly maxTimestampAgeSeconds?: number | undefined;
}

export interface NotaryV1Dependencies {
  readonly source: FileSource;
  /** Outlives this validator: a new configuration forgets no version. */
  readonly floors: FloorStore;
  readonly observe?: NotaryObserver;
  /** Milliseconds of a clock that never goes back. */
  readonly clock?: () => number;
  /** How long trust data are not looked at again. Default 1 s. */
  readonly freshMs?: number;
}

interface Rule {
  readonly pins: readonly [Pin, ...Pin[]];
  readonly roles: readonly TargetsRole[];
  readonly updater: TrustUpdater;
}

/** Admits the digests that a collection's trust data name, under the root keys that a rule pins, and nothing else. */
export class NotaryV1Validator extends Validator {
  readonly type = 'notaryv1';
  readonly name: string;
  readonly #pins: Pins;
  readonly #bindsCollection: boolean;
  readonly #maxTimestampAgeSeconds: number | undefined;
  readonly #dependencies: NotaryV1Dependencies;
  readonly #updaters = new Map<string, TrustUpdater>();

  /** Throws ValidatorSetupError for a key that is none. */
  constructor(config: NotaryV1ValidatorConfig, dependencies: NotaryV1Dependencies) {
    super();
    this.name = config.name;
    this.#pins = new Pins(config.name, config.trustRoots);
    this.#bindsCollection = !config.unsafeIgnoreCollectionName;
    this.#maxTimestampAgeSeconds = config.maxTimestampAgeSeconds;
    this.#dependencies = dependencies;
  }

  bind(options: RuleOptions): RuleCheck {
    const pins = this.#pins.select(options.trustRoot);
    const roles = [...new Set((options.delegations ?? []).map((name) => this.#role(name)))];
    const rule: Rule = { pins, roles, updater: this.#updater(options.trustRoot, pins, roles) };
    return { ground: 'verified', readsTag: true, check: (image, context) => check(rule, image, context) };
  }

  #role(text: string): TargetsRole {
    const role = delegationOf(text);
    if (role !== undefined) return role;
    throw new ValidatorSetupError(
      `validator "${this.name}": "${text.slice(0, 64)}" is not a delegation’s name`,
    );
  }

  /** Rules that ask for the same share one look. */
  #updater(trustRoot: string, pins: Rule['pins'], roles: Rule['roles']): TrustUpdater {
    const key = JSON.stringify([trustRoot, [...roles].toSorted()]);
    const known = this.#updaters.get(key);
    if (known !== undefined) return known;
    const { source, floors, clock, observe, freshMs } = this.#dependencies;
    const updater = new TrustUpdater({
      source,
      floors,
      pins,
      roles,
      bindsCollection: this.#bindsCollection,
      clock: clock ?? ((): number => performance.now()),
      observe: observe ?? ((): undefined => undefined),
      freshMs: freshMs ?? DEFAULT_FRESH_MS,
      maxTimestampAgeSeconds: this.#maxTimestampAgeSeconds,
    });
    this.#updaters.set(key, updater);
    return updater;
  }
}

async function check(
  rule: Rule,
  image: ImageReference,
  { now, signal, trace }: CheckContext,
): Promise<Proof> {
  try {
    const data = await rule.updater.trustData(image.repository, now.getTime(), signal);
    traceChain(data, rule.pins, trace);
    const target = findTarget(data, image, rule.roles);
    const notAfter = endOf(data, target, now.getTime());
    traceTarget(data, target, image.tag, trace);
    return { digest: target.digest, notAfter };
  } catch (error) {
    const verdict = toVerdictError(error, rule.updater.server);
    if (error instanceof TrustDataError)
      trace.add({ step: 'verify-signature', ok: false, text: error.message.slice(0, 200) });
    throw verdict;
  }
}

/**
 * The earliest end of everything that the proof rests on, the roles above the one that signed included: theirs are the
 * keys that it was believed under. Throws TrustDataError where that has passed.
 */
function endOf(data: TrustData, { roles }: FoundTarget, now: number): number {
  const used = [...new Set(roles.flatMap(wayOf))].flatMap((role) => {
    const state = data.delegations.get(role);
    return state === undefined || state instanceof TrustDataError ? [] : [{ role, expires: state.expires }];
  });
  for (const { role, expires } of [...data.base, ...used]) assertAlive(role, expires, now);
  return Math.min(...[...data.base, ...used].map(endOfLife));
}
