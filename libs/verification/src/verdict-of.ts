import type { Verdict } from '#contracts';
import { RegistryError } from '#registry';
import {
  type Evidence,
  type Proof,
  RefusedError,
  type RuleCheck,
  Trace,
  type UndecidedCode,
  UndecidedError,
  ValidatorSetupError,
} from '#validator';

const MAX_SENTENCE = 512;
/** A registry may ask for any wait; nobody is told to wait longer than this, ms. */
const MAX_RETRY_MS = 86_400_000;

/** The code of each way in which a registry can keep us from looking (`CNS-2xxx`: asking again may help). */
const REGISTRY_CODES = {
  'not-found': 'CNS-2007',
  unauthorized: 'CNS-2003',
  unreachable: 'CNS-2004',
  'rate-limited': 'CNS-2005',
  'timed-out': 'CNS-2006',
  malformed: 'CNS-2007',
  'too-large': 'CNS-2007',
  'refused-by-policy': 'CNS-2004',
} as const satisfies Record<RegistryError['reason'], UndecidedCode>;

/** A proof as the value that crosses the bus. */
export function admittedVerdict(
  check: Pick<RuleCheck, 'ground'>,
  proof: Proof,
  evidence: readonly Evidence[],
  tookMs: number,
): Verdict {
  return {
    outcome: 'admitted',
    ground: check.ground,
    ...(proof.digest === undefined ? {} : { digest: proof.digest }),
    ...(proof.notAfter === undefined ? {} : { notAfter: Math.max(0, Math.floor(proof.notAfter)) }),
    evidence: bounded(evidence),
    tookMs,
  };
}

/** Whatever a check threw, as a verdict: refused only where a validator said so, everything else is undecided. */
export function verdictOf(error: unknown, evidence: readonly Evidence[], tookMs: number): Verdict {
  const common = { evidence: bounded(evidence), tookMs };
  if (error instanceof RefusedError) {
    const { found, expected, next } = error.details;
    return {
      outcome: 'refused',
      code: error.code,
      message: cut(error.message),
      ...(found === undefined ? {} : { found: cut(found) }),
      ...(expected === undefined ? {} : { expected: cut(expected) }),
      ...(next === undefined ? {} : { next: cut(next) }),
      ...common,
    };
  }
  const { code, message, retryAfterMs } = undecidedParts(error);
  return {
    outcome: 'undecided',
    code,
    message: cut(message),
    ...(retryAfterMs === undefined || Number.isNaN(retryAfterMs)
      ? {}
      : { retryAfterMs: Math.min(MAX_RETRY_MS, Math.max(0, Math.round(retryAfterMs))) }),
    ...common,
  };
}

function undecidedParts(error: unknown): {
  code: UndecidedCode;
  message: string;
  retryAfterMs?: number | undefined;
} {
  if (error instanceof UndecidedError) return error;
  if (error instanceof RegistryError) {
    return { code: REGISTRY_CODES[error.reason], message: error.message, retryAfterMs: error.retryAfterMs };
  }
  if (error instanceof ValidatorSetupError) return { code: 'CNS-3001', message: error.message };
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) {
    return { code: 'CNS-2006', message: 'the time for this verification ran out' };
  }
  // A fault of ours: its text may hold anything, so it stays in the log.
  return {
    code: 'CNS-3004',
    message: 'the verification ended in an internal fault; the verifier’s log has it',
  };
}

/** As the contract bounds it: a validator that says too much must not cost its verdict. */
function bounded(evidence: readonly Evidence[]): Evidence[] {
  return evidence.slice(0, Trace.MAX_STEPS).map((step) => ({ ...step, text: cut(step.text) }));
}

function cut(text: string): string {
  return text.length <= MAX_SENTENCE ? text : `${text.slice(0, MAX_SENTENCE - 1)}…`;
}
