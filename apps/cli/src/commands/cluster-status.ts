import { clusterStatus, type ClusterStatus } from '#keeper';

import {
  type ClusterOptions,
  print,
  readClusterSettings,
  readWebhookManifests,
  withApi,
} from '../cluster-connection.js';
import { plainText } from '../plain-text.js';

/** `connaisseur cluster status` */
export async function printClusterStatus(options: ClusterOptions): Promise<void> {
  const settings = readClusterSettings(options);
  const manifests = readWebhookManifests(options);
  const status = await withApi(options, (api, signal) =>
    clusterStatus(api, settings, manifests, new Date(), signal),
  );
  print(options.output, { ...status }, linesOf(status).map(plainText).join('\n'));
}

function linesOf(status: ClusterStatus): readonly string[] {
  return [
    `${status.release} in namespace ${status.namespace}: ${status.armed ? 'armed' : 'NOT ARMED, images are not verified'}`,
    ...status.webhooks.flatMap((webhook) => [
      `${webhook.kind}: ${webhook.isThere ? `in force, failurePolicy ${webhook.failurePolicy.join(', ')}` : 'MISSING'}`,
      ...webhook.namespaceSelectors.map((selector) => `  namespaces: ${JSON.stringify(selector)}`),
      ...(webhook.isThere ? webhook.drift.map((drift) => `  DIFFERS: ${drift}`) : []),
      ...glassLines(webhook.breakGlass),
    ]),
    ...status.certificates.map(
      ({ name, notAfter, rotateAt }) => `certificate ${name}: ends ${notAfter}, replaced from ${rotateAt} on`,
    ),
  ];
}

function glassLines(glass: ClusterStatus['webhooks'][number]['breakGlass']): readonly string[] {
  switch (glass.kind) {
    case 'closed':
      return [];
    case 'over':
      return ['  BREAK-GLASS: over, and not yet taken away'];
    case 'open':
      return [
        `  BREAK-GLASS: nothing is verified until ${glass.until.toISOString()}, by ${glass.by}: ${glass.reason}`,
      ];
  }
}
