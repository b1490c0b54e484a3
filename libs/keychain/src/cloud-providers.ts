import type { HttpTransport } from '#registry';

import { AwsTokens } from './aws.js';
import { AzureTokens } from './azure.js';
import { GoogleTokens } from './google.js';
import type { TokenProviders } from './keychain.js';

/** The providers' own SDKs, each loaded when the first image of its registries is looked at. */
export function cloudProviders(options: {
  readonly transport: Pick<HttpTransport, 'request'>;
  readonly env: Readonly<Record<string, string | undefined>>;
}): TokenProviders {
  return { aws: new AwsTokens(), google: new GoogleTokens(), azure: new AzureTokens(options) };
}
