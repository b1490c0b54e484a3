// One process with an environment: asks a registry of a cloud provider and says what that registry was sent. Run with the
// flags of a gateway.
import { cloudProviders, Keychain } from '#keychain';
import { type HttpAnswer, type HttpRequest, type HttpTransport, RegistryClient } from '#registry';

const [, , ...hosts] = process.argv;
const sent: { url: string; authorization: string | undefined; body: string }[] = [];

/** Every host challenges for Basic, and takes whatever comes; ACR exchanges any token. */
const transport: HttpTransport = {
  request: async ({ url, headers, body }: HttpRequest): Promise<HttpAnswer> => {
    const authorization = headers['authorization'];
    sent.push({ url: url.href, authorization, body: String(body ?? '') });
    const exchange = url.pathname === '/oauth2/exchange';
    return await Promise.resolve({
      status: exchange ? 200 : authorization === undefined ? 401 : 404,
      headers: new Map(exchange ? [] : [['www-authenticate', 'Basic realm="r"']]),
      body: Buffer.from(exchange ? '{"refresh_token":"acr-refresh-canary"}' : ''),
      network: 'public',
    });
  },
  close: async () => await Promise.resolve(),
};

const keychain = new Keychain({ providers: cloudProviders({ transport, env: process.env }) });
const client = new RegistryClient({ transport, credentials: keychain });
const failures: string[] = [];
for (const host of hosts) {
  try {
    await client.manifest({ host, path: 'app', reference: 'v1' }, AbortSignal.timeout(20_000));
  } catch (error) {
    failures.push(String(error));
  }
}
process.stdout.write(JSON.stringify({ sent, failures }));
