/** Which keys of the bus each component holds: nobody can speak for another. `watch` is whoever reads decisions. */
export const KEY_HOLDERS = {
  gateway: /\.(?:requests\.key|verdicts\.pub|decisions\.key|decisions\.pub)$/,
  verifier: /\.(?:requests\.key|verdicts\.key|verdicts\.pub)$/,
  alerting: /(?:\.decisions\.pub|^alerts\.seal)$/,
  watch: /\.decisions\.pub$/,
} as const satisfies Record<string, RegExp>;

/** The files of a component among all. */
export function keysOf(
  component: keyof typeof KEY_HOLDERS,
  files: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map([...files].filter(([name]) => KEY_HOLDERS[component].test(name)));
}

/** An id that sorts after every earlier one. */
export function newKeyId(now: Date): string {
  return String(Math.floor(now.getTime() / 1000));
}
