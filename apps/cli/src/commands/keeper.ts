import { startKeeper } from '#keeper';
import { openKubernetesApi } from '#kubernetes';
import { createLogger } from '#observability';

import { parseAddress } from '../address.js';
import { type ClusterOptions, readClusterSettings, readWebhookManifests } from '../cluster-connection.js';
import { processName } from '../service-settings.js';
import { runUntilTold } from '../until-told.js';

/** `connaisseur keeper` */
export async function keeper(options: ClusterOptions & { readonly management: string }): Promise<void> {
  await runUntilTold(async () => {
    // Both are read again for each look; what is wrong at first is said at once.
    readClusterSettings(options);
    readWebhookManifests(options);
    const { api } = await openKubernetesApi({ ...options, env: process.env });
    return await startKeeper({
      api,
      settings: () => readClusterSettings(options),
      manifests: () => readWebhookManifests(options),
      management: parseAddress(options.management),
      name: processName(process.env),
      log: createLogger({ level: 'info', format: 'json', service: 'keeper' }),
    });
  });
}
