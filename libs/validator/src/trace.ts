/** The steps that a verification may report, in the field's words. */
export type EvidenceStep =
  | 'rule'
  | 'static'
  | 'resolve-digest'
  | 'fetch-signatures'
  | 'verify-signature'
  | 'verify-claims'
  | 'verify-log'
  | 'verify-certificate'
  | 'threshold';

/** One thing that a verification looked at and what it found; crosses the bus, so only plain values. */
export interface Evidence {
  readonly step: EvidenceStep;
  readonly ok: boolean;
  /** One sentence for people, ≤ 200 characters, no secret, nothing that a registry wrote. */
  readonly text: string;
  readonly trustRoot?: string;
  /** `SHA256:` and hex of the SHA-256 over the DER SubjectPublicKeyInfo. */
  readonly key?: string;
  readonly format?: 'legacy' | 'bundle';
  readonly logIndex?: number;
  /** When the log accepted the entry, seconds since the epoch. */
  readonly logTime?: number;
  readonly ms?: number;
}

/** Collects evidence while a check runs, so that a refusal tells as much as an admission. At most 64 steps are kept. */
export class Trace {
  static readonly MAX_STEPS = 64;
  readonly #steps: Evidence[] = [];

  add(evidence: Evidence): void {
    if (this.#steps.length < Trace.MAX_STEPS) this.#steps.push(evidence);
  }

  get steps(): readonly Evidence[] {
    return this.#steps;
  }
}
