import type { CloudRegistry } from './cloud-registry.js';
import { type CloudToken, CloudTokenError, type TokenProvider } from './cloud-token.js';

type GoogleRegistry = Extract<CloudRegistry, { provider: 'google' }>;

/** The narrowest scope that reads container registries and artifact registries alike. */
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform.read-only';
/** Google's name for "the password is an access token". */
const USERNAME = 'oauth2accesstoken';
/** Where the answer names no end, ms. */
const LIFE_MS = 600_000;

/** Google: an access token by the application default credentials (workload identity, metadata server, key file). */
export class GoogleTokens implements TokenProvider<GoogleRegistry> {
  keyOf(): string {
    return 'google';
  }

  async token(): Promise<CloudToken> {
    const { GoogleAuth } = await import('google-auth-library');
    // A project that is given is not searched for: that would start `gcloud`. It is in none of our requests.
    const auth = new GoogleAuth({ scopes: [SCOPE], projectId: 'none' });
    const client = await auth.getClient();
    const { token } = await client.getAccessToken();
    if (typeof token !== 'string' || token === '') {
      throw new CloudTokenError('no-token', 'expected an access token from Google, got none');
    }
    return {
      username: USERNAME,
      password: token,
      expiresAt: client.credentials.expiry_date ?? Date.now() + LIFE_MS,
    };
  }
}
