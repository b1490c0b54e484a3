/** Why an exchange has no answer. `unreachable`: DNS, connect, TLS, reset, truncated. */
export type TransportReason = 'unreachable' | 'timed-out' | 'malformed' | 'too-large' | 'refused-by-policy';

/**
 * An HTTP exchange that gave no usable answer. It has no `cause` on purpose: certificate and parser errors quote what the
 * other side wrote; `detail` is a closed word (`ECONNRESET`, `CERT_HAS_EXPIRED`) instead.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly reason: TransportReason;
  /** Host and port, as in the URL. */
  readonly host: string;
  readonly detail: string;
  /** The message without the host, which may be one that a registry sent us to. */
  readonly sentence: string;

  constructor(reason: TransportReason, host: string, detail: string) {
    const sentence = `${SENTENCES[reason]} (${detail})`;
    super(`${host} ${sentence}`);
    this.sentence = sentence;
    this.reason = reason;
    this.host = host;
    this.detail = detail;
  }
}

const SENTENCES: Readonly<Record<TransportReason, string>> = {
  unreachable: 'cannot be reached',
  'timed-out': 'did not answer in time',
  malformed: 'answered something that is not HTTP as we asked for it',
  'too-large': 'answered more than is read',
  'refused-by-policy': 'is not an address that this request may go to',
};

/** Codes of Node, OpenSSL and undici that are not about reachability. */
const REASON_OF_CODE: ReadonlyMap<string, TransportReason> = new Map([
  ['UND_ERR_HEADERS_TIMEOUT', 'timed-out'],
  ['UND_ERR_BODY_TIMEOUT', 'timed-out'],
  ['UND_ERR_CONNECT_TIMEOUT', 'timed-out'],
  ['UND_ERR_HEADERS_OVERFLOW', 'too-large'],
  ['HPE_HEADER_OVERFLOW', 'too-large'],
]);

/** Whatever the HTTP library threw, as a {@link TransportError}. */
export function toTransportError(error: unknown, host: string): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error);
  const reason = REASON_OF_CODE.get(code) ?? (code.startsWith('HPE_') ? 'malformed' : 'unreachable');
  return new TransportError(reason, host, code);
}

function codeOf(error: unknown): string {
  const candidates = error instanceof AggregateError ? [error, ...error.errors] : [error];
  for (const candidate of candidates) {
    const code: unknown = candidate instanceof Error && 'code' in candidate ? candidate.code : undefined;
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
  }
  return 'NO_ANSWER';
}
