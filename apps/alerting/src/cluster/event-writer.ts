import { detectionKeyOf, eventIdOf, isOnlyDetected } from '#alerts';
import type { DecisionRecord } from '#contracts';
import { KINDS, KubernetesError, type KubernetesApi, type Manifest } from '#kubernetes';

import type { DeliveredDecision } from '../decision-intake.js';
import type { DetectionMemory } from '../detection-memory.js';
import type { ClusterMetrics, WriteResult } from './cluster-metrics.js';
import type { EventCounts } from './event-counts.js';
import { eventManifest, eventName, eventSeries } from './event-manifest.js';
import { type EventSubject, eventSubject } from './event-subjects.js';
import type { OwnerLookup } from './owner-lookup.js';
import type { PatientApi } from './patient-api.js';
import { Rate } from './rate.js';

export interface EventWriterOptions {
  readonly api: Pick<KubernetesApi, 'create' | 'patch'>;
  readonly owners: OwnerLookup;
  readonly counts: EventCounts;
  readonly memory: DetectionMemory;
  readonly patience: PatientApi;
  readonly metrics: ClusterMetrics;
  readonly instance: string;
  readonly now: () => number;
}

/** As long as an API server keeps an Event: what is older is nobody's news. */
const NEWS_MS = 3_600_000;
/** New Events of one namespace. */
const EVENTS = { burst: 50, everyMs: 6000 };
/** Higher counts of one Event; those between are in the next. */
const REPETITIONS = { burst: 3, everyMs: 10_000 };
const MANAGER = { fieldManager: 'connaisseur' };

/** Writes a Kubernetes Event about each denial, one for what repeats; never about a dry run. */
export class EventWriter {
  readonly #options: EventWriterOptions;
  readonly #events: Rate;
  readonly #repetitions: Rate;

  constructor(options: EventWriterOptions) {
    this.#options = options;
    this.#events = new Rate(EVENTS, options.now);
    this.#repetitions = new Rate(REPETITIONS, options.now);
  }

  /** Takes denials; rejects where `signal` ended or Redis failed, and the batch then comes again. */
  async take(batch: readonly DeliveredDecision[], signal: AbortSignal): Promise<void> {
    for (const { record } of batch) {
      if (record.dryRun || (await this.#isRepeated(record))) continue;
      const subject = eventSubject(record);
      if (subject === undefined) this.#options.metrics.count('events', 'dropped');
      else await this.#tellAll(record, subject, signal);
    }
  }

  /** The subject hears of it, and so does what people know it by: the Deployment of a ReplicaSet. */
  async #tellAll(record: DecisionRecord, subject: EventSubject, signal: AbortSignal): Promise<void> {
    const { patience, owners } = this.#options;
    const until = record.time + NEWS_MS;
    await patience.run(async (bounded) => await this.#tell(record, subject, bounded), until, signal);
    if (subject.related === undefined || subject.regarding.kind === 'Namespace') return;
    await patience.run(
      async (bounded) => {
        const regarding = await owners.ownerOf(subject.regarding, bounded);
        return regarding === undefined
          ? 'skipped'
          : await this.#tell(record, { ...subject, regarding }, bounded);
      },
      until,
      signal,
    );
  }

  async #tell(record: DecisionRecord, subject: EventSubject, signal: AbortSignal): Promise<WriteResult> {
    const { counts, instance, now } = this.#options;
    const name = eventName(record, subject);
    const count = await counts.add(name, eventIdOf(record));
    const manifest = eventManifest(record, subject, { count, now: now(), instance });
    return count === 1 ? await this.#create(manifest, signal) : await this.#repeat(manifest, count, signal);
  }

  /** One that is there already was written by who died before saying so. */
  async #create(manifest: Manifest, signal: AbortSignal): Promise<WriteResult> {
    if (!this.#events.take(manifest.metadata.namespace ?? '')) return 'dropped';
    try {
      await this.#options.api.create(KINDS.event, manifest, signal);
    } catch (error) {
      if (!(error instanceof KubernetesError && error.reason === 'conflict')) throw error;
    }
    return 'written';
  }

  /** The Event may have run out, or been deleted: it is then made anew. */
  async #repeat(manifest: Manifest, count: number, signal: AbortSignal): Promise<WriteResult> {
    const { api, now } = this.#options;
    const { name, namespace } = manifest.metadata;
    if (!this.#repetitions.take(name)) return 'skipped';
    const patch = { series: eventSeries(count, now()) };
    try {
      await api.patch({ kind: KINDS.event, namespace, name }, patch, MANAGER, signal);
      return 'written';
    } catch (error) {
      if (!(error instanceof KubernetesError && error.reason === 'not-found')) throw error;
      return await this.#create(manifest, signal);
    }
  }

  /** In detection mode `/validate` finds again what `/mutate` found. */
  async #isRepeated(record: DecisionRecord): Promise<boolean> {
    if (!isOnlyDetected(record)) return false;
    const key = detectionKeyOf(record);
    if (record.phase === 'validate') return await this.#options.memory.has(key);
    await this.#options.memory.note(key);
    return false;
  }
}
