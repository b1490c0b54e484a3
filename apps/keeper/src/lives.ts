export const DAY_MS = 86_400_000;

/** How long our certificates live. The first two are replaced at two thirds. */
export const LIVES = { authorityMs: 365 * DAY_MS, servingMs: 90 * DAY_MS, redisMs: 3650 * DAY_MS } as const;
