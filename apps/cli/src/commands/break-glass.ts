import { userInfo } from 'node:os';

import { type BreakGlassState, breakGlassStatus, endBreakGlass, GLASS_MAX_MS, openBreakGlass } from '#keeper';

import { type ConnectionOptions, print, withApi } from '../cluster-connection.js';
import { parseDuration } from '../duration.js';
import { plainText } from '../plain-text.js';
import { UsageError } from '../usage-error.js';

export interface BreakGlassOptions extends ConnectionOptions {
  readonly for?: string;
  readonly reason?: string;
  readonly end?: true;
  readonly status?: true;
}

const REASON_MAX = 200;

/** `connaisseur break-glass` */
export async function breakGlass(options: BreakGlassOptions): Promise<void> {
  if (options.end === true) {
    await withApi(options, endBreakGlass);
    print(options.output, { open: false }, 'break-glass is over: images are verified again');
  } else if (options.status === true) {
    const states = await withApi(options, (api, signal) => breakGlassStatus(api, new Date(), signal));
    print(options.output, { states }, statusText(states));
  } else {
    await open(options);
  }
}

async function open(options: BreakGlassOptions): Promise<void> {
  const { reason = '' } = options;
  if (options.for === undefined || reason.trim() === '') {
    throw new UsageError('expected --for 30m and --reason "why"; or --end, or --status');
  }
  if (reason.length > REASON_MAX) throw new UsageError(`--reason: expected at most ${REASON_MAX} characters`);
  const now = new Date();
  const until = new Date(now.getTime() + parseDuration(options.for, GLASS_MAX_MS));
  const opening = { until, reason: reason.trim(), by: userInfo().username };
  await withApi(options, (api, signal) => openBreakGlass(api, opening, signal));
  const text = `NOTHING IS VERIFIED until ${until.toISOString()}; end it earlier with: connaisseur break-glass --end`;
  print(options.output, { open: true, until, reason: opening.reason, by: opening.by }, text);
}

function statusText(states: readonly BreakGlassState[]): string {
  const open = states.find((state) => state.kind === 'open');
  if (open !== undefined) {
    return plainText(
      `open: nothing is verified until ${open.until.toISOString()}, by ${open.by}: ${open.reason}`,
    );
  }
  return states.some(({ kind }) => kind === 'over')
    ? 'over, and not yet taken away: the keeper does, or --end'
    : 'closed';
}
