import { parseChallenges } from './challenge.js';
import { RegistryError } from './error.js';
import type { HttpAnswer } from './http-transport.js';
import { judgeRealm, type Realm } from './realm.js';
import type { Endpoint } from './registry-host.js';

/** How a registry wants requests to be authorised. */
export type AuthScheme = { readonly kind: 'basic' } | BearerScheme;

export interface BearerScheme {
  readonly kind: 'bearer';
  readonly realm: Realm;
  readonly service: string | undefined;
}

/** The scheme that a 401 asks for, Bearer before Basic; throws RegistryError where there is none that can be used. */
export function readScheme(answer: HttpAnswer, endpoint: Endpoint): AuthScheme {
  const challenges = parseChallenges(answer.headers.get('www-authenticate') ?? '');
  const bearer = challenges?.find(({ scheme }) => scheme === 'bearer');
  const realm = bearer?.parameters.get('realm');
  if (bearer !== undefined && realm !== undefined) {
    return {
      kind: 'bearer',
      realm: judgeRealm(realm, endpoint, answer.network),
      service: bearer.parameters.get('service'),
    };
  }
  if (challenges?.some(({ scheme }) => scheme === 'basic') === true) return { kind: 'basic' };
  const message = 'expected a Basic or Bearer challenge, got none that can be used';
  throw new RegistryError('unauthorized', endpoint.host, message);
}
