import { setTimeout as sleep } from 'node:timers/promises';

import { readConfigurationSource, readFileBounded } from '#config';
import { arm, disarm, prepare, probeGateway } from '#keeper';

import {
  type ClusterOptions,
  print,
  readClusterSettings,
  readWebhookManifests,
  withApi,
} from '../cluster-connection.js';
import { UsageError } from '../usage-error.js';

const wait = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  sleep(milliseconds, undefined, { signal });

/** `connaisseur cluster prepare` */
export async function clusterPrepare(options: ClusterOptions & { readonly config?: string }): Promise<void> {
  const settings = readClusterSettings(options);
  const { config } = options;
  const candidate = {
    now: new Date(),
    ...(config === undefined
      ? {}
      : { configuration: readConfigurationSource({ policy: config }, readFileBounded) }),
  };
  const result = await withApi(options, (api, signal) => prepare(api, settings, candidate, signal));
  const lines = [...result.made.map((name) => `made ${name}`), ...result.kept.map((name) => `kept ${name}`)];
  print(options.output, { ...result }, lines.join('\n'));
}

/** `connaisseur cluster arm` */
export async function clusterArm(options: ClusterOptions & { readonly gatewayUrl?: string }): Promise<void> {
  const settings = readClusterSettings(options);
  const manifests = readWebhookManifests(options);
  const name = `${settings.service}.${settings.namespace}.svc`;
  const url = parseUrl(options.gatewayUrl ?? `https://${name}:443`);
  await withApi(options, (api, signal) => {
    const probe = (bundle: string, within: AbortSignal): Promise<string | undefined> =>
      probeGateway(url, name, bundle, within);
    // What is left after the wait is for the API server.
    const timeoutMs = Math.max(1, options.timeout - 15) * 1000;
    return arm({ api, settings, manifests, probe, sleep: wait, now: () => new Date(), timeoutMs }, signal);
  });
  print(options.output, { armed: true }, 'both webhook configurations are in force');
}

/** `connaisseur cluster disarm` */
export async function clusterDisarm(options: ClusterOptions): Promise<void> {
  const settings = readClusterSettings(options);
  const removed = await withApi(options, (api, signal) => disarm({ api, settings, sleep: wait }, signal));
  const text =
    removed.length === 0 ? 'there was no webhook configuration of ours' : `removed ${removed.join(', ')}`;
  print(options.output, { removed }, text);
}

function parseUrl(text: string): URL {
  if (URL.canParse(text) && text.startsWith('https://')) return new URL(text);
  throw new UsageError('--gateway-url: expected https://host:port');
}
