import { hash } from 'node:crypto';

import { isJsonObject, member, parseStrictJson, StrictJsonError } from '#registry';
import { decodeBase64, type PublicKey, type SignatureScheme, TrustError, verifyScheme } from '#trust';

import { canonicalJson } from './canonical-json.js';
import { malformed, TrustDataError } from './error.js';
import { Fields } from './fields.js';
import type { RoleKey } from './key.js';
import { NOTARY_LIMITS } from './limits.js';
import type { RoleKeys } from './role-keys.js';

interface Signature {
  readonly keyid: string;
  readonly scheme: SignatureScheme;
  readonly bytes: Uint8Array;
  /** Scheme and base64: what a key's answer is remembered by. */
  readonly name: string;
}

/** Methods of notary by their names, in lower case. */
const SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map([
  ['ecdsa', 'ecdsa-p1363'],
  ['eddsa', 'ed25519'],
  ['rsapss', 'rsa-pss'],
  ['rsapkcs1v15', 'rsa-pkcs1'],
]);
const HEAD = Buffer.from('{"signed":');
const TAIL = Buffer.from(',"signatures":[');

/** One file as it was served: hostile until a role's keys have signed it. */
export class Envelope {
  /** SHA-256 over the bytes served, lower-case hex. */
  readonly sha256: string;
  readonly bytes: Uint8Array;
  /** What was signed, unverified. */
  readonly signed: Readonly<Record<string, unknown>>;
  readonly #signatures: readonly Signature[];
  /** The bytes of `signed` as they were served, where they stand by themselves; signers usually send the canonical form. */
  readonly #served: Uint8Array | undefined;
  #canonical: Uint8Array | undefined;
  #sha512: string | undefined;
  readonly #verified = new Map<string, boolean>();

  /** `sha256` must be that of the bytes: whoever fetched them knows it. Throws TrustDataError (malformed). */
  constructor(bytes: Uint8Array, sha256: string) {
    this.bytes = bytes;
    this.sha256 = sha256;
    const halves = splitAsServed(bytes);
    const whole = halves === undefined ? parse(bytes) : undefined;
    const signed = halves === undefined ? member(objectOf(whole), 'signed') : parse(halves.signed);
    const rest = halves === undefined ? whole : parse(halves.rest);
    const fields = new Fields(rest, 'the file', ['signed', 'signatures']);
    // In the second half it would be a second one, and other readers take the last.
    if (halves !== undefined && fields.any('signed') !== undefined) {
      throw malformed('expected signed once');
    }
    this.signed = objectOf(signed);
    this.#served = halves?.signed;
    this.#signatures = fields
      .list('signatures', NOTARY_LIMITS.signaturesCount)
      .flatMap((value) => parseSignature(value));
  }

  /** SHA-512 over the bytes served, lower-case hex. */
  sha512(): string {
    this.#sha512 ??= hash('sha512', this.bytes, 'hex');
    return this.#sha512;
  }

  /** The different keys of `role` that have signed; one key counts once, under however many ids it stands. */
  signersOf(role: RoleKeys): readonly RoleKey[] {
    const signers = new Map<string, RoleKey>();
    for (const signature of this.#signatures) {
      const key = role.get(signature.keyid);
      if (key === undefined || signers.has(key.key.fingerprint)) continue;
      if (this.#isBy(key.key, signature)) signers.set(key.key.fingerprint, key);
    }
    return [...signers.values()];
  }

  /** True where any signature, whatever key it names, is this key's. */
  isSignedBy(key: PublicKey): boolean {
    return this.#signatures.some((signature) => this.#isBy(key, signature));
  }

  /** Throws TrustDataError where too few of the role's keys have signed. */
  assertSigned(role: RoleKeys, what: string): void {
    const count = this.signersOf(role).length;
    if (count >= role.threshold) return;
    throw new TrustDataError('signature', `${what} has ${count} of ${role.threshold} signatures by its keys`);
  }

  #isBy(key: PublicKey, signature: Signature): boolean {
    const { scheme, bytes } = signature;
    const name = `${key.fingerprint} ${signature.name}`;
    const known = this.#verified.get(name);
    if (known !== undefined) return known;
    const isValid =
      (this.#served !== undefined && verifyScheme(key, scheme, this.#served, bytes)) ||
      verifyScheme(key, scheme, this.#canonicalBytes(), bytes);
    this.#verified.set(name, isValid);
    return isValid;
  }

  #canonicalBytes(): Uint8Array {
    this.#canonical ??= Buffer.from(canonicalJson(this.signed));
    return this.#canonical;
  }
}

/** One signature; none where it is by a method that we do not know or is no base64: it counts for nothing. */
function parseSignature(value: unknown): Signature[] {
  const fields = new Fields(value, 'a signature', ['keyid', 'method', 'sig']);
  const keyid = fields.text('keyid', 128);
  const method = fields.text('method', 64);
  const sig = fields.text('sig', 8192);
  // Lower-casing ASCII only: U+212A is no k.
  const scheme = /^[\x21-\x7e]+$/.test(method) ? SCHEMES.get(method.toLowerCase()) : undefined;
  try {
    return scheme === undefined
      ? []
      : [{ keyid, scheme, bytes: decodeBase64(sig), name: `${scheme} ${sig}` }];
  } catch (error) {
    if (error instanceof TrustError) return [];
    throw error;
  }
}

/**
 * The two halves of `{"signed":…,"signatures":[…]}` where the file is written so; each is then parsed by itself, so what
 * was signed and what is read are the same bytes.
 */
function splitAsServed(bytes: Uint8Array): { signed: Uint8Array; rest: Uint8Array } | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = buffer.lastIndexOf(TAIL);
  if (at <= HEAD.length || !buffer.subarray(0, HEAD.length).equals(HEAD)) return undefined;
  const signed = buffer.subarray(HEAD.length, at);
  // A half that is no object by itself means that the cut fell into a member of the same name.
  if (signed.at(0) !== 0x7b || signed.at(-1) !== 0x7d) return undefined;
  return { signed, rest: Buffer.concat([Buffer.from('{'), buffer.subarray(at + 1)]) };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (cause) {
    if (!(cause instanceof StrictJsonError)) throw cause;
    throw malformed(`expected one unambiguous JSON document, got one that is ${cause.fault}`, cause);
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) throw malformed('expected an object');
  return value;
}
