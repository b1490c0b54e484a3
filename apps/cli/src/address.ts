import { UsageError } from './usage-error.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, also `[::1]:5000`. Throws UsageError. */
export function parseAddress(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new UsageError(`expected HOST:PORT, such as 127.0.0.1:5000 or [::1]:5000, got "${text}"`);
  }
  return { host: match[1] ?? match[2] ?? '', port };
}
