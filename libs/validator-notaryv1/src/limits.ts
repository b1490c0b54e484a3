/** Every bound on trust data. The unit is the end of the name. */
export const NOTARY_LIMITS = {
  rootBytes: 1024 * 1024,
  timestampBytes: 256 * 1024,
  snapshotBytes: 1024 * 1024,
  /** More than the 200 000 values that a document may have. */
  targetsBytes: 16 * 1024 * 1024,
  signaturesCount: 64,
  keysCount: 1024,
  keyIdsCount: 256,
  /** Delegation roles that one role may list. */
  delegationsCount: 256,
  pathsCount: 1024,
  pathCharacters: 1024,
  /** Delegation roles that are read for one collection, and how deep they lie below `targets`. */
  delegationsReadCount: 32,
  delegationsDepth: 8,
  roleNameCharacters: 255,
  /** Root versions that lie between the newest root and one that is trusted. */
  rotationsCount: 64,
  thresholdMax: 256,
  /** Versions of metadata: above this, numbers are no longer exact everywhere that counts them. */
  versionMax: 2 ** 31 - 1,
  /** An expiry that lies further ahead is none. */
  horizonMs: 100 * 365 * 86_400_000,
  /** Files that are fetched at once for one collection. */
  atOnceCount: 8,
  /** Time for all that one refresh fetches, shared by everybody who waits for it. */
  refreshMs: 15_000,
  /** A refresh that is older gets a second one beside it for those who come later. */
  boardingMs: 2_000,
  /** Trust data that was looked at this recently is not looked at again: a hundred images of one collection cost one look. */
  freshMs: 1_000,
  /** Collections whose trust data one rule keeps, and their bytes together. */
  collectionsCount: 256,
  keptBytes: 64 * 1024 * 1024,
} as const;
