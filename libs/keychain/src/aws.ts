import type { CloudRegistry } from './cloud-registry.js';
import { type CloudToken, CloudTokenError, type TokenProvider } from './cloud-token.js';

type AwsRegistry = Extract<CloudRegistry, { provider: 'aws' }>;

/** Attempts of one call, the first included: the deadline of a verification is short. */
const ATTEMPTS = 2;
/** What AWS documents for the token where the answer does not say, ms. */
const LIFE_MS = 12 * 3_600_000;

/**
 * ECR: `GetAuthorizationToken` of the registry's region, with AWS's default chain (IRSA, pod identity, instance profile,
 * environment). One token is good for every account that the identity may read in that region.
 */
export class AwsTokens implements TokenProvider<AwsRegistry> {
  keyOf({ region, fips }: AwsRegistry): string {
    return `aws ${region}${fips ? ' fips' : ''}`;
  }

  async token({ region, fips }: AwsRegistry, signal: AbortSignal): Promise<CloudToken> {
    const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
    const client = new ECRClient({ region, useFipsEndpoint: fips, maxAttempts: ATTEMPTS });
    try {
      const answer = await client.send(new GetAuthorizationTokenCommand({}), { abortSignal: signal });
      const [data] = answer.authorizationData ?? [];
      return { ...parseToken(data?.authorizationToken), expiresAt: timeOf(data?.expiresAt) };
    } finally {
      client.destroy();
    }
  }
}

/** Base64 of `AWS:<password>`. */
function parseToken(token: string | undefined): { username: string; password: string } {
  const text = Buffer.from(token ?? '', 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) {
    throw new CloudTokenError('malformed', 'expected base64 of "user:password" from ECR, got something else');
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

function timeOf(expiresAt: Date | undefined): number {
  return expiresAt?.getTime() ?? Date.now() + LIFE_MS;
}
