import type { DecisionRecord } from '#contracts';
import { KubernetesError, type KubernetesApi, type Manifest, orAbsent, type ResourceKind } from '#kubernetes';

import type { DecisionStream, DeliveredDecision } from '../decision-intake.js';
import type { WriteResult } from './cluster-metrics.js';
import { HeldDenials, type NamespaceDenials } from './held-denials.js';
import { decidedObject } from './object-reference.js';
import type { PatientApi } from './patient-api.js';
import type { ReportApi } from './report-api.js';
import { DECIDED_AT, DENIED_REPORT, deniedReport, resultsOf, workloadReport } from './report-manifest.js';
import { reportResults } from './report-result.js';
import { isNamespace, isObjectName } from './workload-kinds.js';

export interface ReportWriterOptions {
  readonly api: Pick<KubernetesApi, 'get' | 'create' | 'patch'>;
  readonly reportApi: ReportApi;
  readonly patience: PatientApi;
  readonly now: () => number;
}

/** A report says what is, so it may come late; what is older than the stream usually keeps is not worth the API server's time. */
const WORTH_MS = 24 * 3_600_000;
const MANAGER = { fieldManager: 'connaisseur' };
const MAX_CONFLICTS = 5;
/** Reports of objects that are remembered, so that an update that changes nothing for us is not written. */
const MAX_KNOWN = 5000;

/** Keeps one report for each workload that people made, and one of denials for each namespace; never of a dry run. */
export class ReportWriter {
  readonly #options: ReportWriterOptions;
  readonly #known = new Map<string, string>();
  readonly #held: HeldDenials;
  /** One after the other: while the API server is away nothing more is taken from the stream. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ReportWriterOptions) {
    this.#options = options;
    this.#held = new HeldDenials(options.now);
  }

  /** Takes a batch of one stream; rejects where `signal` ended, and the batch then comes again. */
  async take(
    stream: DecisionStream,
    batch: readonly DeliveredDecision[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#inTurn(async () => {
      for (const { record } of batch) {
        if (record.dryRun || !isNamespace(record.namespace)) continue;
        if (isDenial(record) !== (stream === 'denials')) continue;
        if (hasReport(record)) await this.#writeWorkload(record, signal);
        else if (isDenial(record) && !isFoundAgain(record)) this.#hold(record);
      }
      await this.#writeHeld(signal, false);
    });
  }

  /** Writes the denials whose time has come, or all that are held. */
  async flush(signal: AbortSignal, all: boolean): Promise<void> {
    await this.#inTurn(async () => await this.#writeHeld(signal, all));
  }

  async #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    // Whoever waits for it hears of a failure; the next in turn does not care.
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  #hold(record: DecisionRecord): void {
    const results = reportResults(record);
    if (results.length > 0) this.#held.add(record.namespace, { results, time: record.time });
  }

  async #writeHeld(signal: AbortSignal, all: boolean): Promise<void> {
    const due = [...this.#held.takeDue(all)];
    try {
      for (let next = due[0]; next !== undefined; next = due[0]) {
        await this.#writeDenials(...next, signal);
        due.shift();
      }
    } finally {
      // What was not written because of the end is still to be written.
      for (const [namespace, denials] of due) this.#held.add(namespace, denials);
    }
  }

  async #writeWorkload(record: DecisionRecord, signal: AbortSignal): Promise<void> {
    const object = decidedObject(record);
    const results = reportResults(record);
    if (object?.uid === undefined || results.length === 0) return;
    const { uid } = object;
    const content = JSON.stringify(
      results.map(({ result, message, policy, rule }) => [result, message, policy, rule]),
    );
    if (this.#known.get(uid) === content) return;
    const written = await this.#write(
      record.time,
      signal,
      (kind, present) =>
        isNewer(present, record.time)
          ? undefined
          : workloadReport(kind, { ...object, uid }, results, record.time),
      { namespace: record.namespace, name: `connaisseur-${uid.toLowerCase()}` },
    );
    if (written !== 'written') return;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(uid, content);
  }

  async #writeDenials(
    namespace: string,
    { results, time }: NamespaceDenials,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#write(
      time,
      signal,
      (kind, present) => deniedReport(kind, namespace, resultsOf(present ?? {}), results),
      { namespace, name: DENIED_REPORT },
    );
  }

  async #write(
    time: number,
    signal: AbortSignal,
    make: (kind: ResourceKind, present: Manifest | undefined) => Manifest | undefined,
    place: { readonly namespace: string; readonly name: string },
  ): Promise<WriteResult> {
    const { reportApi, patience } = this.#options;
    return await patience.run(
      async (bounded) => {
        const kind = await reportApi.kind(bounded);
        return kind === undefined ? 'dropped' : await this.#replace(kind, place, make, bounded);
      },
      time + WORTH_MS,
      signal,
    );
  }

  /** Reads, makes and writes, on the condition that nobody wrote in between. */
  async #replace(
    kind: ResourceKind,
    place: { readonly namespace: string; readonly name: string },
    make: (kind: ResourceKind, present: Manifest | undefined) => Manifest | undefined,
    signal: AbortSignal,
  ): Promise<WriteResult> {
    const { api, reportApi } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        const present = await orAbsent(api.get({ kind, ...place }, signal));
        const manifest = make(kind, present?.body as Manifest | undefined); // an object of the API server is one
        if (manifest === undefined) return 'skipped';
        const { resourceVersion } = present ?? {};
        if (resourceVersion === undefined) await api.create(kind, manifest, signal);
        else await api.patch({ kind, ...place }, conditional(manifest, resourceVersion), MANAGER, signal);
        return 'written';
      } catch (error) {
        if (error instanceof KubernetesError && error.reason === 'not-found') reportApi.forget();
        const isConflict = error instanceof KubernetesError && error.reason === 'conflict';
        if (!isConflict || attempt === MAX_CONFLICTS) throw error;
      }
    }
  }
}

/** A workload that exists and that no controller made: what a controller makes has the images of its owner. */
function hasReport({ phase, allowed, objectUid, owner, name }: DecisionRecord): boolean {
  return (
    phase === 'validate' && allowed && objectUid !== undefined && owner === undefined && isObjectName(name)
  );
}

function isDenial({ allowed, wouldDeny }: DecisionRecord): boolean {
  return !allowed || wouldDeny;
}

/** In detection mode `/validate` says it again, and knows more. */
function isFoundAgain({ allowed, phase }: DecisionRecord): boolean {
  return allowed && phase === 'mutate';
}

function isNewer(present: Manifest | undefined, time: number): boolean {
  const annotations = present?.metadata['annotations'];
  const decidedAt: unknown =
    typeof annotations === 'object' && annotations !== null
      ? Reflect.get(annotations, DECIDED_AT)
      : undefined;
  return typeof decidedAt === 'string' && Number(decidedAt) > time;
}

function conditional(manifest: Manifest, resourceVersion: string): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, resourceVersion } };
}
