import { joinBundle, lifeOf } from '#certificates';
import { type KubernetesApi, secretData } from '#kubernetes';

import type { ClusterSettings } from './cluster-settings.js';
import { InstallationError } from './error.js';
import { SECRETS, secretPlace } from './places.js';
import { fileOf } from './secrets.js';

/** Files of the authority's Secret while a successor waits until everybody trusts it. */
export const NEXT = { cert: 'next.crt', key: 'next.key' } as const;

export interface TrustBundle {
  /** PEM: what the API server shall trust. */
  readonly bundle: string;
  /** End of the first authority in it. */
  readonly notAfter: Date;
}

/**
 * What the API server has to trust for this installation: our own authority and its successor, or what cert-manager or the
 * user put into the serving Secret (`ca.crt`, else `tls.crt` itself). Throws {@link InstallationError} where it is missing.
 */
export async function readTrustBundle(
  api: KubernetesApi,
  settings: ClusterSettings,
  now: Date,
  signal: AbortSignal,
): Promise<TrustBundle> {
  const { source, secretName } = settings.certificates;
  const secret = await api.get(
    secretPlace(settings, source === 'self' ? SECRETS.authority : secretName),
    signal,
  );
  const next = secretData(secret, NEXT.cert)?.toString('utf8');
  const own = secretData(secret, 'ca.crt')?.toString('utf8');
  const pem =
    source === 'self' || (own !== undefined && own !== '')
      ? fileOf(secret, 'ca.crt')
      : fileOf(secret, 'tls.crt');
  const bundle = joinBundle(next === undefined ? [pem] : [pem, next], now);
  if (bundle !== '') return { bundle, notAfter: lifeOf(bundle).notAfter };
  throw new InstallationError(
    'certificate',
    `expected a certificate authority that has not ended in Secret ${secret.name}, got none: make a new one`,
  );
}
