import type { TokenCredential } from '@azure/identity';

import { type HttpTransport, isJsonObject, member, parseStrictJson } from '#registry';

import type { CloudRegistry } from './cloud-registry.js';
import { type CloudToken, CloudTokenError, type TokenProvider } from './cloud-token.js';

type AzureRegistry = Extract<CloudRegistry, { provider: 'azure' }>;

/** Tokens for this audience are good at container registries and nowhere else in Azure. */
const SCOPE = 'https://containerregistry.azure.net/.default';
/** ACR's name for "the password is a refresh token". */
const USERNAME = '00000000-0000-0000-0000-000000000000';
const MAX_ANSWER_BYTES = 64 * 1024;
/** Where the token does not say; ACR's own last three hours. */
const LIFE_MS = 1_800_000;

/**
 * Azure: a token of Microsoft Entra ID (workload identity, environment, managed identity) is exchanged at the registry for
 * one of its own.
 */
export class AzureTokens implements TokenProvider<AzureRegistry> {
  readonly #transport: Pick<HttpTransport, 'request'>;
  readonly #open: () => Promise<Pick<TokenCredential, 'getToken'>>;
  #credential: Promise<Pick<TokenCredential, 'getToken'>> | undefined;

  constructor(options: {
    readonly transport: Pick<HttpTransport, 'request'>;
    /** Tells whether the workload identity webhook was here. */
    readonly env: Readonly<Record<string, string | undefined>>;
    /** Another identity than that of the environment. */
    readonly open?: () => Promise<Pick<TokenCredential, 'getToken'>>;
  }) {
    this.#transport = options.transport;
    this.#open = options.open ?? (async () => await openCredential(options.env));
  }

  keyOf({ host }: AzureRegistry): string {
    return `azure ${host}`;
  }

  async token({ host }: AzureRegistry, signal: AbortSignal): Promise<CloudToken> {
    this.#credential ??= this.#open();
    const credential = await this.#credential;
    const entra = await credential.getToken(SCOPE, { abortSignal: signal });
    if (entra === null) throw new CloudTokenError('no-token', 'expected a token from Entra ID, got none');
    const password = await this.#exchange(host, entra.token, signal);
    return { username: USERNAME, password, expiresAt: expiryOf(password) ?? Date.now() + LIFE_MS };
  }

  /** ACR, "Azure Container Registry integration with Azure Active Directory": exchange of an access for a refresh token. */
  async #exchange(host: string, token: string, signal: AbortSignal): Promise<string> {
    const form = new URLSearchParams({ grant_type: 'access_token', service: host, access_token: token });
    const answer = await this.#transport.request(
      {
        method: 'POST',
        url: new URL(`https://${host}/oauth2/exchange`),
        headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
        maxBytes: MAX_ANSWER_BYTES,
        purpose: 'token',
        // A private endpoint of the registry has a private address.
        reach: 'private',
      },
      signal,
    );
    if (answer.status !== 200) {
      throw new CloudTokenError('refused', `expected ACR to exchange the token, got HTTP ${answer.status}`);
    }
    return refreshToken(answer.body);
  }
}

/**
 * Only what needs neither a person nor another program. Instance discovery is off: the authority is the one that the
 * environment names, and asking login.microsoftonline.com about it costs a request that private networks do not allow.
 */
async function openCredential(env: Readonly<Record<string, string | undefined>>): Promise<TokenCredential> {
  const {
    ChainedTokenCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
  } = await import('@azure/identity');
  const clientId = env['AZURE_CLIENT_ID'];
  const hasFile = env['AZURE_FEDERATED_TOKEN_FILE'] !== undefined;
  const hasSecret =
    env['AZURE_CLIENT_SECRET'] !== undefined || env['AZURE_CLIENT_CERTIFICATE_PATH'] !== undefined;
  return new ChainedTokenCredential(
    ...(hasSecret ? [new EnvironmentCredential({ disableInstanceDiscovery: true })] : []),
    ...(hasFile ? [new WorkloadIdentityCredential({ disableInstanceDiscovery: true })] : []),
    clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId }),
  );
}

function refreshToken(body: Uint8Array): string {
  const token = member(parsed(body), 'refresh_token');
  if (typeof token === 'string' && token !== '') return token;
  throw new CloudTokenError('malformed', 'expected a refresh_token from ACR, got none');
}

function parsed(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const document = parseStrictJson(body);
    if (isJsonObject(document)) return document;
  } catch {
    // What the body is, must not be said: it may be a token.
  }
  throw new CloudTokenError('malformed', 'expected a JSON object from ACR, got something else');
}

/** When a token that is a JWT says it ends; a hint for the cache and nothing more, so nobody checks its signature. */
function expiryOf(jwt: string): number | undefined {
  const [, payload = ''] = jwt.split('.');
  try {
    const claims = parseStrictJson(Buffer.from(payload, 'base64url'));
    const end = isJsonObject(claims) ? member(claims, 'exp') : undefined;
    return typeof end === 'number' && Number.isFinite(end) ? end * 1000 : undefined;
  } catch {
    return undefined;
  }
}
