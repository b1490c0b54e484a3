import type { Deadline } from '../deadline.js';

/** True when the record is durable before the deadline; false when it is not, or not yet. */
export async function durably(written: Promise<void>, deadline: Deadline): Promise<boolean> {
  if (deadline.isOver()) {
    written.catch(() => undefined);
    return false;
  }
  const { promise: over, resolve } = Promise.withResolvers<false>();
  const onAbort = (): void => resolve(false);
  deadline.signal.addEventListener('abort', onAbort, { once: true });
  try {
    const durable = written.then(
      () => true,
      () => false,
    );
    return await Promise.race([durable, over]);
  } finally {
    deadline.signal.removeEventListener('abort', onAbort);
  }
}
