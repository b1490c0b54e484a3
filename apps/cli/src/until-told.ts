/** How long a stop may take before the process ends all the same, ms; below the 30 s that Kubernetes gives by default. */
const STOP_MS = 25_000;

/**
 * Keeps a service running until SIGTERM, SIGINT, or the end of the launcher that started us; then closes it in order. A
 * second signal ends at once.
 */
export async function untilTold(close: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve());
  // Our launcher holds the other end of this channel: when it is gone, so is the one who could stop us.
  process.once('disconnect', () => resolve());
  await promise;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(1));
  setTimeout(() => process.exit(1), STOP_MS).unref();
  await close();
  if (process.connected) process.disconnect();
  process.exit(0);
}
