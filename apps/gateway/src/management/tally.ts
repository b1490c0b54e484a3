/** How many there were since the last time that somebody looked. */
export interface Counted {
  count: number;
}

/**
 * Counts things of a few kinds that come again and again. prom-client checks and joins the labels on every call; here a
 * kind is worked out once, and its count is handed on when somebody looks.
 */
export class Tally<Kind> {
  readonly #counts = new Map<string, { readonly kind: Kind; count: number }>();

  /** One more of the kind that this key stands for; `kindOf` is called for a key's first time only. */
  add(key: string, kindOf: () => Kind): void {
    this.counted(key, kindOf).count += 1;
  }

  /** The count of the kind that this key stands for; for who keeps it, so as not to make the key again. */
  counted(key: string, kindOf: () => Kind): Counted {
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const made = { kind: kindOf(), count: 0 };
    this.#counts.set(key, made);
    return made;
  }

  /** Hands on what came since the last time. */
  drain(use: (kind: Kind, count: number) => void): void {
    for (const entry of this.#counts.values()) {
      const { kind, count } = entry;
      if (count === 0) continue;
      entry.count = 0;
      use(kind, count);
    }
  }
}
