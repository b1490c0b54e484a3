/** Reviews that cannot be read and are told of all the same: so many at once, and then one in this time, ms. */
const AT_ONCE = 2;
const AGAIN_MS = 30_000;

/**
 * How often a review that cannot be read becomes a record and an alert. The API server sends reviews that can be read: one
 * that cannot is worth knowing, and not worth a flood that keeps real denials from being told. Each is counted.
 */
export class TellingLimit {
  #told: number[] = [];

  /** True for the few that are told; `now` in milliseconds of a clock that never goes back. */
  mayTell(now: number): boolean {
    this.#told = this.#told.filter((at) => now - at < AGAIN_MS);
    if (this.#told.length >= AT_ONCE) return false;
    this.#told.push(now);
    return true;
  }
}
