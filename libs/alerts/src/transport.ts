/** One POST. The shape of the registry lib's transport, of which this is a part. */
export interface AlertRequest {
  readonly method: 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly maxBytes: number;
  readonly purpose: 'alert';
  /** How near an address may be; link-local and metadata addresses are out of reach always. */
  readonly reach: 'private' | 'loopback';
  readonly insecurePlainHttp: boolean;
}

export interface AlertAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** The way out. Does not follow redirects, bounds the answer, ends with the signal; throws where there is no answer. */
export interface AlertTransport {
  request(request: AlertRequest, signal: AbortSignal): Promise<AlertAnswer>;
}
