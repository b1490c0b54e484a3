import type { VerificationReply } from '#contracts';

/** For this long an answer of a registry speaks for it, milliseconds. */
const GOOD_MS = 30_000;
const MAX_HOSTS = 1024;

/** Unreachable and not in time: what a registry that hangs comes to. */
const HANGING: ReadonlySet<string> = new Set(['CNS-2004', 'CNS-2006']);

/** Which registries have answered lately. One is as good as its last answer, and unknown ones have none. */
export class AnsweringHosts {
  readonly #now: () => number;
  /** When each last answered; in order of that. */
  readonly #answered = new Map<string, number>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Learns from what a verification came to. */
  learn(reply: VerificationReply): void {
    if (reply.kind === 'cannot') return;
    const host = hostOf(reply.image);
    this.#answered.delete(host);
    if (reply.verdict.outcome === 'undecided' && HANGING.has(reply.verdict.code)) return;
    this.#answered.set(host, this.#now());
    const [oldest] = this.#answered.keys();
    if (this.#answered.size > MAX_HOSTS && oldest !== undefined) this.#answered.delete(oldest);
  }

  has(host: string): boolean {
    const at = this.#answered.get(host);
    return at !== undefined && this.#now() - at < GOOD_MS;
  }
}

/** The registry of a canonical reference is what precedes its first slash. */
export function hostOf(image: string): string {
  return image.split('/', 1)[0] ?? image;
}
