import type { ConfigurationSource } from '#config';

/** What the verification thread starts with: texts only, because values with secrets do not cross threads. */
export interface ThreadSetup {
  readonly source: ConfigurationSource;
  readonly secretsDirectory: string | undefined;
  readonly dockerConfig: string | undefined;
}

export interface ToThread {
  readonly id: number;
  readonly image: string;
  readonly rule: string;
  readonly revision: string;
}

export interface FromThread {
  readonly id: number;
  readonly verdict: unknown;
}
