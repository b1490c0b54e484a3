import type { VerificationReply } from '#contracts';

/** When a verifier concludes that it is cut off, and how it finds out that it no longer is. */
export interface IsolationSettings {
  /** Verdicts in a row that must all have failed on transport … */
  readonly failures: number;
  /** … over this many hosts at least: one registry that is down isolates nobody … */
  readonly hosts: number;
  /** … and none older than this, milliseconds. */
  readonly windowMs: number;
  /** First pause before one job is tried, doubled after each failure, milliseconds. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export const ISOLATION_DEFAULTS: IsolationSettings = {
  failures: 5,
  hosts: 2,
  windowMs: 60_000,
  backoffMs: 1000,
  maxBackoffMs: 30_000,
};

/** Credentials refused, unreachable, not in time: what a verifier without network says about every image. */
const TRANSPORT: ReadonlySet<string> = new Set(['CNS-2003', 'CNS-2004', 'CNS-2006']);

/** Watches the verdicts of one verifier: one whose recent verdicts all failed on transport should not take work. */
export class Isolation {
  readonly #settings: IsolationSettings;
  #failures: { readonly host: string; readonly at: number }[] = [];
  #isolated = false;
  #backoffMs: number;
  #probeAt = 0;

  constructor(settings: IsolationSettings) {
    this.#settings = settings;
    this.#backoffMs = settings.backoffMs;
  }

  get isolated(): boolean {
    return this.#isolated;
  }

  /** Hosts of the failures that count now. */
  get hosts(): readonly string[] {
    return [...new Set(this.#failures.map(({ host }) => host))];
  }

  /** True while one job may be tried. */
  mayProbe(now: number): boolean {
    return this.#isolated && now >= this.#probeAt;
  }

  /** A reply leaves; says what it changes. */
  record(reply: VerificationReply, now: number): 'isolated' | 'joined' | undefined {
    if (reply.kind === 'cannot') return undefined;
    if (reply.verdict.outcome !== 'undecided' || !TRANSPORT.has(reply.verdict.code)) return this.#succeed();
    return this.#fail(hostOf(reply.image), now);
  }

  #succeed(): 'joined' | undefined {
    const joined = this.#isolated;
    this.#failures = [];
    this.#isolated = false;
    this.#backoffMs = this.#settings.backoffMs;
    return joined ? 'joined' : undefined;
  }

  #fail(host: string, now: number): 'isolated' | undefined {
    const { failures, hosts, windowMs, maxBackoffMs } = this.#settings;
    if (this.#isolated) {
      // Work that was in flight when the isolation began says nothing new: only a probe makes the pause longer.
      if (now < this.#probeAt) return undefined;
      this.#backoffMs = Math.min(maxBackoffMs, this.#backoffMs * 2);
      this.#probeAt = now + this.#backoffMs;
      return undefined;
    }
    const recent = this.#failures.filter(({ at }) => now - at < windowMs);
    this.#failures = [...recent, { host, at: now }].slice(-failures);
    if (this.#failures.length < failures || this.hosts.length < hosts) return undefined;
    this.#isolated = true;
    this.#probeAt = now + this.#backoffMs;
    return 'isolated';
  }
}

/** A canonical reference begins with its host. */
function hostOf(image: string): string {
  return image.slice(0, Math.max(0, image.indexOf('/')));
}
