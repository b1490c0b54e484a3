import { malformed } from './descriptor.js';
import type { RegistryError } from './error.js';
import { REGISTRY_LIMITS } from './limits.js';
import { isJsonObject, member, parseStrictJson } from './strict-json.js';

/** A bearer token and how long it may be used from now on. */
export interface TokenAnswer {
  readonly token: string;
  readonly lifeMs: number;
}

/** RFC 6750, 2.1: also what keeps a token from breaking out of its header. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Body of a token server to token; distribution's token specification. Throws RegistryError (malformed). */
export function parseTokenAnswer(body: Uint8Array, host: string): TokenAnswer {
  const answer = parseObject(body, host);
  const token = [member(answer, 'token'), member(answer, 'access_token')].find(isText);
  if (token === undefined || token.length > REGISTRY_LIMITS.tokenCharacters || !B64TOKEN.test(token)) {
    throw bad(host, `a token of at most ${REGISTRY_LIMITS.tokenCharacters} characters`);
  }
  return { token, lifeMs: lifeOf(member(answer, 'expires_in'), host) };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function lifeOf(seconds: unknown, host: string): number {
  if (seconds === undefined || seconds === null || seconds === 0) return REGISTRY_LIMITS.tokenLifeDefaultMs;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) {
    throw bad(host, 'an expires_in of seconds from now');
  }
  return Math.min(seconds * 1000, REGISTRY_LIMITS.tokenLifeMaxMs);
}

function parseObject(body: Uint8Array, host: string): Readonly<Record<string, unknown>> {
  try {
    const answer = parseStrictJson(body);
    if (isJsonObject(answer)) return answer;
  } catch (error) {
    throw malformed(host, 'expected the token server to answer with JSON', error);
  }
  throw bad(host, 'a JSON object');
}

function bad(host: string, expected: string): RegistryError {
  return malformed(host, `expected the token server to give ${expected}`);
}
