import { randomBytes } from 'node:crypto';

/** How a virtual registry wants to be asked. */
export type RegistryAuth =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | {
      readonly kind: 'bearer';
      /** Who may have tokens; without it everybody may, anonymously. */
      readonly user?: { readonly username: string; readonly password: string };
      /** `expires_in` of its tokens; left out of the answer when absent. */
      readonly lifeSeconds?: number;
      /** Another `realm` than the registry's own token server. */
      readonly realm?: string;
    };

export interface AuthRequest {
  readonly authorization: string | undefined;
  /** Origin under which the registry was asked. */
  readonly origin: string;
  readonly url: URL;
}

export interface AuthAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const TOKEN_PATH = '/token';

/** Challenges, and the token server that goes with them; distribution's token specification. */
export class VirtualAuth {
  readonly #auth: RegistryAuth;
  readonly #tokens = new Map<string, string>();

  constructor(auth: RegistryAuth) {
    this.#auth = auth;
  }

  /** Makes every token invalid that was given out. */
  revokeAll(): void {
    this.#tokens.clear();
  }

  /** The challenge for a request that is not authorised, `undefined` for one that is. */
  challenge(
    { authorization, origin }: AuthRequest,
    repository: string,
    action: 'pull' | 'push',
  ): AuthAnswer | undefined {
    const auth = this.#auth;
    if (auth.kind === 'none') return undefined;
    if (auth.kind === 'basic') {
      return authorization === basic(auth) ? undefined : unauthorized('Basic realm="virtual registry"');
    }
    const scope = `repository:${repository}:${action === 'pull' ? 'pull' : 'pull,push'}`;
    const granted = this.#tokens.get(authorization?.replace(/^Bearer /, '') ?? '');
    if (granted === scope || granted === `repository:${repository}:pull,push`) return undefined;
    const realm = auth.realm ?? `${origin}${TOKEN_PATH}`;
    return unauthorized(`Bearer realm="${realm}",service="virtual registry",scope="${scope}"`);
  }

  /** The token server. */
  token({ authorization, url }: AuthRequest): AuthAnswer {
    const auth = this.#auth;
    if (auth.kind !== 'bearer') return json(404, { errors: [{ code: 'UNSUPPORTED' }] });
    if (auth.user !== undefined && authorization !== basic(auth.user))
      return json(401, { errors: [{ code: 'DENIED' }] });
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(token, url.searchParams.get('scope') ?? '');
    return json(200, { token, ...(auth.lifeSeconds === undefined ? {} : { expires_in: auth.lifeSeconds }) });
  }
}

function basic({ username, password }: { readonly username: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function unauthorized(challenge: string): AuthAnswer {
  const answer = json(401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': challenge } };
}

function json(status: number, value: unknown): AuthAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value)),
  };
}
