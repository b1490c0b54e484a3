import { flushCompileCache } from 'node:module';

/** How long a stop may take before the process ends all the same, ms; below the 30 s that Kubernetes gives by default. */
const STOP_MS = 25_000;
/** Ctrl-C reaches every process of a terminal and is handed over by launchers: what comes within is one and the same, ms. */
const SAME_SIGNAL_MS = 1_000;

/** Something that runs and can be stopped in order. */
export interface Running {
  close(): Promise<void>;
}

/** True where a launcher holds the other end of our IPC channel, and so is the one who could stop us. */
const HAS_LAUNCHER = process.send !== undefined;

/**
 * Starts a service and keeps it running until SIGTERM, SIGINT, SIGHUP, or the end of the launcher that started us; then
 * closes it in order and ends with exit code 0. Told while it starts, it closes as soon as it has started. A second signal
 * ends at once, with exit code 1.
 */
export async function runUntilTold(start: (told: AbortSignal) => Promise<Running>): Promise<void> {
  const told = new AbortController();
  const onTold = (): void => {
    if (told.signal.aborted) return;
    told.abort();
    setTimeout(() => process.exit(1), STOP_MS).unref();
    setTimeout(() => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(1));
    }, SAME_SIGNAL_MS).unref();
  };
  // Stays, so that a repeated delivery does not end us by default.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, onTold);
  if (HAS_LAUNCHER) {
    process.on('disconnect', onTold);
    if (!process.connected) onTold();
  }
  const running = await start(told.signal);
  // Whoever is killed later starts with what was compiled now; nothing is done where no folder for it is given.
  flushCompileCache();
  if (!told.signal.aborted) {
    await new Promise((resolve) => told.signal.addEventListener('abort', resolve, { once: true }));
  }
  await running.close();
  process.exit(0);
}
