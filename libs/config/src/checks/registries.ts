import type { RegistryConfig } from '../configuration.js';
import { salvageItems } from '../schema/salvage.js';
import { RegistrySchema } from '../schema/values.js';
import type { Section } from '../sections.js';

import { registryHostAt } from './host.js';
import { certificatesAt } from './pem-field.js';

/** Registries by canonical host, each once. */
export function checkRegistries(section: Section | undefined): readonly RegistryConfig[] {
  if (section === undefined) return [];
  const seen = new Set<string>();
  return salvageItems(RegistrySchema, section.value).map(([index, input]) => {
    const at = section.report.at(index);
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
