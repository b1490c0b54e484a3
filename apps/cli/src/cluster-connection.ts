import { readFileSync } from 'node:fs';

import {
  type ClusterSettings,
  parseClusterSettings,
  parseWebhookManifests,
  type WebhookManifest,
} from '#keeper';
import { type KubernetesApi, openKubernetesApi } from '#kubernetes';

export interface ConnectionOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly output: 'text' | 'json';
  /** Seconds. */
  readonly timeout: number;
}

export interface ClusterOptions extends ConnectionOptions {
  readonly settings: string;
  readonly webhooks: string;
}

/** Opens the API server, does one thing with it, and closes it; all of it within the command's time. */
export async function withApi<T>(
  options: ConnectionOptions,
  work: (api: KubernetesApi, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { api } = await openKubernetesApi({ ...options, env: process.env });
  try {
    return await work(api, AbortSignal.timeout(options.timeout * 1000));
  } finally {
    api.close();
  }
}

/** What the chart says of this installation; throws for a missing file and for every mistake in it. */
export function readClusterSettings({ settings }: ClusterOptions): ClusterSettings {
  return parseClusterSettings(readFileSync(settings, 'utf8'));
}

/** Both webhook configurations as the chart has them; throws for a missing file and for what is none. */
export function readWebhookManifests({ webhooks }: ClusterOptions): readonly WebhookManifest[] {
  return parseWebhookManifests(readFileSync(webhooks, 'utf8'));
}

/** A result as text, or as one line of JSON. */
export function print(output: 'text' | 'json', body: Readonly<Record<string, unknown>>, text: string): void {
  process.stdout.write(
    output === 'json' ? `${JSON.stringify({ schemaVersion: 1, ...body })}\n` : `${text}\n`,
  );
}
