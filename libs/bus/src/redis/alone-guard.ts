import type { VerdictKeys } from '../keys/signature-keys.js';
import {
  type AloneDecision,
  type CrashMark,
  type CrashSettings,
  decideAlone,
  openMark,
  sealMark,
} from '../verification/crash-marks.js';
import { EnvelopeError } from '../verification/error.js';
import type { BusObserver } from '../verification/observer.js';
import { type QuarantineRecord, sealQuarantine } from '../verification/quarantine.js';
import type { Subject } from '../verification/subject.js';
import type { RedisConnection } from './create-redis.js';
import { KEYS, marksKey } from './names.js';
import { toFields } from './replies.js';
import type { Work } from './work.js';
import { execute } from './worker-redis.js';

/** Marks of one subject that are looked at. */
const MAX_MARKS = 64;
const MAX_SUSPECTS = 1000;
const MAX_DEAD = '1000';

export interface AloneGuardOptions {
  readonly redis: RedisConnection;
  readonly cluster: string;
  readonly keys: () => VerdictKeys;
  readonly settings: CrashSettings;
  readonly observer: BusObserver;
  /** Now by Redis' clock. */
  readonly now: () => number;
}

/** A decision, and whether any earlier run is still marked as crashed. */
export interface GuardedDecision {
  readonly decision: AloneDecision;
  readonly isClean: boolean;
}

/** Keeps the crash marks in Redis, where they outlive the process that wrote them. */
export class AloneGuard {
  readonly #options: AloneGuardOptions;

  constructor(options: AloneGuardOptions) {
    this.#options = options;
  }

  /** What would be decided now, without starting anything. */
  async look(subject: Subject): Promise<GuardedDecision> {
    return this.#decide(
      subject,
      '',
      await this.#options.redis.call('HSCAN', marksKey(subject), '0', 'COUNT', String(MAX_MARKS)),
    );
  }

  /**
   * Marks the run and decides, in one transaction: of two that begin at once, the second one sees the first one's mark and
   * waits. The mark stays only where the decision is to run.
   */
  async begin(subject: Subject, run: string): Promise<GuardedDecision> {
    const key = marksKey(subject);
    const results = await execute(
      this.#options.redis
        .multi()
        .call('HSET', key, run, this.mark(subject, run))
        .call('PEXPIRE', key, String(this.#options.settings.rememberMs))
        .call('HSCAN', key, '0', 'COUNT', String(MAX_MARKS)),
    );
    const decided = this.#decide(subject, run, results[2]);
    if (decided.decision.kind !== 'run') await this.#options.redis.call('HDEL', key, run);
    return decided;
  }

  /** Text of a mark that says: this run lives now. */
  mark(subject: Subject, run: string): string {
    const { cluster, keys, now } = this.#options;
    return sealMark(cluster, subject, { run, beat: now() }, keys());
  }

  /**
   * From now on these run alone, everywhere. Not signed, unlike marks and quarantine: a forged one costs the time that running
   * alone takes, which whoever can write here has other ways to cost (rule 4), and no verdict comes of it.
   */
  async suspect(subjects: readonly Subject[]): Promise<void> {
    const { redis, settings, now } = this.#options;
    const until = String(now() + settings.rememberMs);
    await execute(
      redis
        .multi()
        .call('ZADD', KEYS.suspects, ...subjects.flatMap((subject) => [until, subject]))
        .call('ZREMRANGEBYSCORE', KEYS.suspects, '-inf', String(now()))
        .call('ZREMRANGEBYRANK', KEYS.suspects, '0', String(-MAX_SUSPECTS - 1)),
    );
  }

  /** Nobody verifies it for a while; the request goes to the dead-letter stream for people to look at. */
  async quarantine(work: Work, crashes: number, forgive: readonly string[]): Promise<QuarantineRecord> {
    const { redis, cluster, settings, keys, now } = this.#options;
    const { subject, entry } = work;
    const record = { cluster, subject, until: now() + settings.quarantineMs };
    const text = sealQuarantine(record, keys());
    await execute(
      redis
        .multi()
        .call('ZADD', KEYS.quarantine, String(record.until), text)
        .call('ZREMRANGEBYSCORE', KEYS.quarantine, '-inf', String(now()))
        .call('HDEL', marksKey(subject), ...forgive)
        .call('XADD', KEYS.dead, 'MAXLEN', '~', MAX_DEAD, '*', ...entry.fields, 'crashes', String(crashes)),
    );
    return record;
  }

  #decide(subject: Subject, ownRun: string, scanned: unknown): GuardedDecision {
    const { settings, now } = this.#options;
    const oldest = now() - settings.rememberMs;
    const [, marks] = Array.isArray(scanned) ? (scanned as unknown[]) : [];
    const others = [...toFields(marks)]
      .slice(0, MAX_MARKS)
      .filter(([run]) => run !== ownRun)
      .flatMap(([run, text]) => this.#open(subject, run, String(text)))
      .filter(({ beat }) => beat > oldest);
    return { decision: decideAlone(others, now(), settings), isClean: others.length === 0 };
  }

  #open(subject: Subject, run: string, text: string): readonly CrashMark[] {
    try {
      return [openMark(this.#options.cluster, subject, run, text, this.#options.keys())];
    } catch (error) {
      if (!(error instanceof EnvelopeError)) throw error;
      this.#options.observer.observe({ kind: 'forged', message: 'mark', fault: error.code });
      return [];
    }
  }
}
