import type { VerificationReply } from '#contracts';

/** What a gateway wants to know: may this image run under this rule of this configuration? */
export interface BusQuestion {
  /** Canonical reference. */
  readonly image: string;
  /** SHA-256 of the rule, hex. */
  readonly rule: string;
  /** `trustRevision` of the configuration (validators, registries), hex: what asker and verifier must have in common. */
  readonly revision: string;
}

/** How the bus does, for a health page; never a reason to be unready (design rule 5). */
export interface BusHealth {
  readonly state: 'up' | 'down' | 'closed';
  /** One sentence on why it is down. */
  readonly reason: string | undefined;
  /** Verifiers that take work now; undefined where nobody knows. */
  readonly verifiers: number | undefined;
  /** Questions without an answer. */
  readonly inFlight: number;
  /** 95th percentile of the recent answers, milliseconds; the pace of the hedges. */
  readonly p95Ms: number | undefined;
}

/**
 * The port over which a gateway asks verifiers. An answer is authentic and bound to its question, or there is none. Each
 * implementation keeps the contract of `verification-bus.contract.ts`.
 */
export abstract class VerificationBus {
  /**
   * Resolves to a verdict, to `cannot`, or, when the bus' share of `budgetMs` ends, to the last undecided verdict. Rejects
   * with BusSilentError (nobody answered), BusDownError (nobody can be asked; at once) or the signal's reason.
   */
  abstract ask(question: BusQuestion, budgetMs: number, signal: AbortSignal): Promise<VerificationReply>;
  /** True while this image under this rule is quarantined; then nobody verifies it, the gateway itself neither. */
  abstract isQuarantined(question: BusQuestion): boolean;
  abstract health(): BusHealth;
  /** Open questions fail with BusDownError. */
  abstract close(): Promise<void>;
}
