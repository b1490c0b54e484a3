/** Every bound on what a registry may make us read, keep or wait for. The unit is the end of the name. */
export const REGISTRY_LIMITS = {
  /** OCI distribution-spec 1.1, "Pushing Manifests": registries should accept 4 MiB; nothing larger is an image manifest. */
  manifestBytes: 4 * 1024 * 1024,
  /** The manifest of one referrer: a signature or an attestation, a few KiB each. There may be a hundred. */
  referrerManifestBytes: 256 * 1024,
  /** The one manifest that holds all legacy signatures of an image, up to 6 KiB for each. */
  signatureManifestBytes: 1024 * 1024,
  /** One page of a referrers list. */
  referrersPageBytes: 1024 * 1024,
  /** Pages of one referrers list. */
  referrersPagesCount: 16,
  /** Referrers of one image that a caller may have to look at; more is refused, not cut. */
  referrersCount: 256,
  /** Entries of an index. */
  childrenCount: 1024,
  /** Layers of an image manifest; each signature of a legacy signature manifest is one. */
  layersCount: 1024,
  /** Annotations of one descriptor or manifest. */
  annotationsCount: 256,
  /** Nesting of a JSON document. */
  jsonDepth: 32,
  /** Members and elements of a JSON document, all levels together. */
  jsonValuesCount: 200_000,
  /** The same for documents that only describe signatures. */
  signatureJsonValuesCount: 20_000,
  /** Requests of one verification, tokens, redirects and repetitions included. */
  verificationRequestsCount: 200,
  /** Bytes that one verification reads, all answers together. */
  verificationBytes: 16 * 1024 * 1024,
  /** Body of a token server's answer. */
  tokenAnswerBytes: 64 * 1024,
  /** One token; it travels in every later request. */
  tokenCharacters: 16 * 1024,
  /** Life of a token that does not name one: distribution's token specification, `expires_in`. */
  tokenLifeDefaultMs: 60_000,
  tokenLifeMaxMs: 3_600_000,
  /** A token is renewed this long before its end, or at four fifths of its life, whichever is later. */
  tokenRenewBeforeMs: 10_000,
  /** Time for one token fetch, shared by everybody who waits for it. */
  tokenFetchMs: 10_000,
  /** Tokens and challenges that one client keeps. */
  tokensCount: 1024,
  /** Length of a `WWW-Authenticate` header that is read. */
  challengeCharacters: 8 * 1024,
  /** Redirects followed for one request. */
  redirectsCount: 3,
  /** A credentials file. */
  credentialsBytes: 1024 * 1024,
  credentialsCount: 1024,
  /** A `Retry-After` up to this is waited for; a longer one is reported at once. */
  retryAfterWaitMs: 2_000,
  /** A `Retry-After` is believed up to this. */
  retryAfterMaxMs: 3_600_000,
} as const;

/** Bounds of one HTTP exchange, for every purpose. */
export const TRANSPORT_LIMITS = {
  /** The caller's signal usually ends a request long before. */
  requestMs: 30_000,
  connectMs: 5_000,
  headerBytes: 16 * 1024,
  headersCount: 100,
  /** Body that is read of an answer that is no success; the status must not get lost for its length. */
  errorBodyBytes: 64 * 1024,
  connectionsPerOriginCount: 32,
  /** Origins with open connections, over all callers. */
  originsCount: 256,
  idleConnectionMs: 30_000,
} as const;

export type RegistryLimit = keyof typeof REGISTRY_LIMITS;
