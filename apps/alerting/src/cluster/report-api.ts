import type { Features } from '#config';
import { KINDS, type KubernetesApi, type ResourceKind } from '#kubernetes';

export type ReportChoice = Exclude<Features['policyReports'], 'off'>;

const CHOICES: Readonly<Record<ReportChoice, readonly ResourceKind[]>> = {
  auto: [KINDS.openReport, KINDS.policyReport],
  openreports: [KINDS.openReport],
  wgpolicyk8s: [KINDS.policyReport],
};
/** How long an answer holds: custom resource definitions come and go. */
const HOLDS_MS = 60_000;

/** Which report API the cluster has just now, of those that may be used. */
export class ReportApi {
  readonly #api: Pick<KubernetesApi, 'serves'>;
  readonly #choice: ReportChoice;
  readonly #now: () => number;
  #found: { readonly kind: ResourceKind | undefined; readonly at: number } | undefined;

  constructor(api: Pick<KubernetesApi, 'serves'>, choice: ReportChoice, now: () => number) {
    this.#api = api;
    this.#choice = choice;
    this.#now = now;
  }

  /** The kind to write, or nothing where the cluster has none of them. */
  async kind(signal: AbortSignal): Promise<ResourceKind | undefined> {
    if (this.#found !== undefined && this.#now() - this.#found.at < HOLDS_MS) return this.#found.kind;
    const kind = await this.#firstServed(signal);
    this.#found = { kind, at: this.#now() };
    return kind;
  }

  /** What was found is there no more. */
  forget(): void {
    this.#found = undefined;
  }

  async #firstServed(signal: AbortSignal): Promise<ResourceKind | undefined> {
    for (const kind of CHOICES[this.#choice]) if (await this.#api.serves(kind, signal)) return kind;
    return undefined;
  }
}
