import type { AddressClass, Reach } from './address-class.js';
import type { TransportReason } from './transport-error.js';

/** What a request is for; a label for metrics, never sent. */
export type Purpose = 'manifest' | 'blob' | 'referrers' | 'token' | 'trust-data' | 'alert' | 'other';

/** One request. What is not said here is not sent, but for `Host`, `User-Agent`, `Accept-Encoding` and framing. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** More than this in the answer's body is an error, whatever `Content-Length` says. */
  readonly maxBytes: number;
  readonly purpose: Purpose;
  /** How near an address may be. Default `public`; link-local and metadata addresses are out of reach always. */
  readonly reach?: Reach;
  /** PEM bundle that replaces the system's roots for this request; connections are shared only with the same bundle. */
  readonly ca?: string;
  /** Told of each piece of a body as it arrives, of whatever status; what it throws ends the exchange. */
  readonly onBytes?: (count: number) => void;
  /** Without it an `http:` URL is refused. */
  readonly insecurePlainHttp?: boolean;
}

/** One answer, complete and within its bounds; a redirect is an answer like any other. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** Empty where the answer is no success and longer than what is read of those (64 KiB). */
  readonly body: Uint8Array;
  /** Where the connections to this origin went; the most public one where they differ. */
  readonly network: Exclude<AddressClass, 'forbidden'>;
}

/** The program's one way out: every outbound HTTP request goes through this. Throws TransportError. */
export interface HttpTransport {
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Ends the connections; requests under way are given up. */
  close(): Promise<void>;
}

/** What an observer is told of each request; no path, no header. */
export interface RequestReport {
  readonly host: string;
  readonly purpose: Purpose;
  readonly status: number | TransportReason;
  readonly ms: number;
}
