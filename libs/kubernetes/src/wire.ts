/** One request to the API server; path and query are ours, never a caller's text. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  /** Path and query, from `/`. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
}

/** The answer; reading the body may still fail or wait. */
export interface WireAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends the exchange without reading on. */
  close(): void;
}

/** Carries requests to one API server, with its trust and our identity. */
export interface KubernetesWire {
  /** Throws {@link KubernetesError} `unreachable`, `timeout` or `unauthorized` where there is no answer. */
  send(request: WireRequest, signal: AbortSignal): Promise<WireAnswer>;
  /** What we show as our identity was refused: reads it anew before the next request. */
  renewIdentity(): void;
  close(): void;
}
