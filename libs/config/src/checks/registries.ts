import type { RegistryConfig } from '../configuration.js';
import type { Report } from '../report.js';
import type { RegistryInput } from '../schema/values.js';

import { registryHostAt } from './host.js';
import { certificatesAt } from './pem-field.js';

/** Registries by canonical host, each once. */
export function checkRegistries(inputs: readonly RegistryInput[], report: Report): readonly RegistryConfig[] {
  const seen = new Set<string>();
  return inputs.map((input, index) => {
    const at = report.at(index);
    const host = registryHostAt(input.host, at, ['host']) ?? input.host;
    if (seen.has(host)) at.error('duplicate-name', `registry ${host} is in this list already`, ['host']);
    seen.add(host);
    if (input.insecurePlainHttp) {
      at.warning('weakened', 'insecurePlainHttp: anybody on the network path can read and change', [
        'insecurePlainHttp',
      ]);
      if (input.cert !== undefined)
        at.error('exclusive', 'expected insecurePlainHttp or cert, got both', ['cert'], 'key');
    }
    return {
      host,
      insecurePlainHttp: input.insecurePlainHttp,
      cert: input.cert === undefined ? undefined : certificatesAt(input.cert, at, ['cert']),
    };
  });
}
