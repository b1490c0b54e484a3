/** Why the API server gave no usable answer. `not-found`, `conflict` and `forbidden` are answers; the rest are not. */
export type KubernetesErrorReason =
  'not-found' | 'forbidden' | 'conflict' | 'unauthorized' | 'unreachable' | 'timeout' | 'invalid';

/** A call to the API server did not give what was asked for. The message holds no token and no object's content. */
export class KubernetesError extends Error {
  override readonly name = 'KubernetesError';
  readonly reason: KubernetesErrorReason;
  /** HTTP status, where the API server answered at all. */
  readonly status: number | undefined;

  constructor(
    reason: KubernetesErrorReason,
    message: string,
    details: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.status = details.status;
  }
}

/** What an HTTP status of the API server means for the caller. */
export function reasonOf(status: number): KubernetesErrorReason {
  switch (status) {
    case 401:
      return 'unauthorized';
    case 403:
      return 'forbidden';
    case 404:
      return 'not-found';
    case 409:
      return 'conflict';
    case 408:
    case 504:
      return 'timeout';
    default:
      return status === 429 || status >= 500 ? 'unreachable' : 'invalid';
  }
}

/** The value, or `undefined` where the API server says that there is no such object; every other error goes on. */
export async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'not-found') return undefined;
    throw error;
  }
}
