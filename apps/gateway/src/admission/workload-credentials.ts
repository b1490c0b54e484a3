import type { PullSecretNames } from '#admission';
import type { ImageReference } from '#image-ref';
import type { PullSecret } from '#kubernetes';
import type { PullCredential, PullSecretEntries } from '#registry';

import type { Deadline } from '../deadline.js';

/** Reads the Secrets and ServiceAccounts of a namespace that opted in. Rejects with the signal's reason only. */
export interface PullSecretReader {
  read(
    namespace: string,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly PullSecret<PullSecretEntries>[]>;
  namesOf(
    namespace: string,
    serviceAccount: string,
    signal: AbortSignal,
  ): Promise<{ readonly names: readonly string[]; readonly isSure: boolean }>;
}

/** What a workload brings along for one image. */
export interface BroughtAlong {
  /** Of the first of its Secrets that has one for the image's place. */
  readonly credential: PullCredential | undefined;
  /** For people, without a secret: which Secret is used, and which cannot be. */
  readonly notes: readonly string[];
  /** False where a Secret may be there that could not be read: "not found" is then no definitive answer. */
  readonly isSure: boolean;
}

/** A look that takes longer is given up, ms; and of what is left of an admission, the part that it may take. */
const LOOK_MS = 1_000;
const SHARE = 0.25;

const NOTES = {
  missing: 'does not exist',
  forbidden: 'may not be read by the gateway',
  broken: 'holds no registry credentials',
  unread: 'could not be read',
} as const;

interface Found {
  readonly secrets: readonly PullSecret<PullSecretEntries>[];
  readonly notes: readonly string[];
  readonly isSure: boolean;
}

/** The pull secrets of one workload: read when its first image needs them, once for all of its images. */
export class WorkloadCredentials {
  readonly #namespace: string;
  readonly #wanted: PullSecretNames;
  readonly #reader: PullSecretReader;
  #found: Promise<Found> | undefined;

  constructor(namespace: string, wanted: PullSecretNames, reader: PullSecretReader) {
    this.#namespace = namespace;
    this.#wanted = wanted;
    this.#reader = reader;
  }

  /** As a kubelet does: what is not there or no good is passed over. Does not reject. */
  async for(image: ImageReference, deadline: Deadline): Promise<BroughtAlong> {
    const { secrets, notes, isSure } = await (this.#found ??= this.#find(deadline));
    for (const secret of secrets) {
      const credential =
        secret.kind === 'found' ? secret.value.find(image, secret.name, secret.identity) : undefined;
      if (credential === undefined) continue;
      const used = `asked with the pull secret "${secret.name}" of the workload`;
      return { credential, notes: [used, ...notes], isSure };
    }
    return { credential: undefined, notes, isSure };
  }

  async #find(deadline: Deadline): Promise<Found> {
    const ms = Math.ceil(Math.min(LOOK_MS, deadline.remainingMs() * SHARE));
    const signal = AbortSignal.any([deadline.signal, AbortSignal.timeout(ms)]);
    const { names, serviceAccount } = this.#wanted;
    try {
      const account =
        serviceAccount === undefined
          ? { names, isSure: true }
          : await this.#reader.namesOf(this.#namespace, serviceAccount, signal);
      const secrets = await this.#reader.read(this.#namespace, account.names, signal);
      const isRead = secrets.every(({ kind }) => kind !== 'unread' && kind !== 'forbidden');
      const unread = account.isSure ? [] : [`the ServiceAccount "${serviceAccount ?? ''}" could not be read`];
      const notes = [...unread, ...secrets.flatMap(noteOf)];
      return { secrets, notes, isSure: account.isSure && isRead };
    } catch {
      // The time for it ran out.
      return {
        secrets: [],
        notes: ['the pull secrets of the workload could not be read in time'],
        isSure: false,
      };
    }
  }
}

function noteOf(secret: PullSecret<PullSecretEntries>): string[] {
  const named = `the pull secret "${secret.name}"`;
  if (secret.kind !== 'found') return [`${named} ${NOTES[secret.kind]}`];
  const { unusable } = secret.value;
  return unusable === 0 ? [] : [`${named} has entries that cannot be used (${unusable})`];
}
