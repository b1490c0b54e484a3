import { goInstall } from './go.mjs';

export const helm = {
  name: 'helm',
  version: 'v3.22.0',
  files: ['helm'],
  verb: 'built',
  make: (place) => goInstall({ source: 'helm.sh/helm/v3/cmd/helm', version: 'v3.22.0', ...place }),
};
