import { type Digest, isDigest } from '#image-ref';

import { RegistryError } from './error.js';
import { REGISTRY_LIMITS } from './limits.js';
import { isJsonObject, member, StrictJsonError } from './strict-json.js';

/** OCI image-spec, descriptor.md. Everything in it is a claim of whoever wrote the document. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** A hint only: fallback indexes are known to get it wrong. */
  readonly artifactType: string | undefined;
  readonly annotations: ReadonlyMap<string, string>;
}

export type JsonObject = Readonly<Record<string, unknown>>;

const MEMBERS = ['mediaType', 'digest', 'size', 'artifactType', 'annotations', 'urls', 'data', 'platform'];
const NO_ANNOTATIONS: ReadonlyMap<string, string> = new Map();

/** JSON value to descriptor; throws RegistryError (malformed, too-large). `what` names it in the message. */
export function parseDescriptor(value: unknown, host: string, what: string): Descriptor {
  if (!isJsonObject(value)) throw malformed(host, `expected ${what} to be an object`);
  assertExactNames(value, MEMBERS, host, what);
  const digest = member(value, 'digest');
  const size = member(value, 'size');
  if (typeof digest !== 'string' || !isDigest(digest))
    throw malformed(host, `expected ${what} to have a sha256 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(host, `expected ${what} to have a size in bytes`);
  }
  return {
    mediaType: parseText(value, 'mediaType', host, what) ?? '',
    digest,
    size,
    artifactType: parseText(value, 'artifactType', host, what),
    annotations: parseAnnotations(member(value, 'annotations'), host, what),
  };
}

/** JSON array to descriptors, at most as many as the limit says; `null` is an empty list, as Go writes it. */
export function parseDescriptors(
  value: unknown,
  host: string,
  what: string,
  limit: 'layersCount' | 'childrenCount' | 'referrersCount',
): readonly Descriptor[] {
  if (value === null) return [];
  if (!Array.isArray(value)) throw malformed(host, `expected ${what} to be a list`);
  if (value.length > REGISTRY_LIMITS[limit]) {
    const message = `expected at most ${REGISTRY_LIMITS[limit]} ${what}, got ${value.length}`;
    throw new RegistryError('too-large', host, message, { limit });
  }
  return value.map((entry: unknown, index) => parseDescriptor(entry, host, `${what}[${index}]`));
}

/** A map, because the keys are the writer's. */
export function parseAnnotations(value: unknown, host: string, what: string): ReadonlyMap<string, string> {
  if (value === undefined || value === null) return NO_ANNOTATIONS;
  if (!isJsonObject(value)) throw malformed(host, `expected the annotations of ${what} to be an object`);
  const entries = Object.entries(value);
  if (entries.length > REGISTRY_LIMITS.annotationsCount) {
    const message = `expected at most ${REGISTRY_LIMITS.annotationsCount} annotations in ${what}, got ${entries.length}`;
    throw new RegistryError('too-large', host, message, { limit: 'annotationsCount' });
  }
  return new Map(
    entries.map(([key, text]) => {
      if (typeof text !== 'string') throw malformed(host, `expected the annotations of ${what} to be text`);
      return [key, text];
    }),
  );
}

/** An optional text member. */
export function parseText(object: JsonObject, name: string, host: string, what: string): string | undefined {
  const value = member(object, name);
  if (value === undefined || typeof value === 'string') return value;
  throw malformed(host, `expected ${name} of ${what} to be text`);
}

/** Runtimes in Go match member names without regard to case; a name that only they would understand is refused. */
export function assertExactNames(
  object: JsonObject,
  names: readonly string[],
  host: string,
  what: string,
): void {
  for (const key of Object.keys(object)) {
    const folded = key.toLowerCase();
    if (names.some((name) => name !== key && name.toLowerCase() === folded)) {
      throw malformed(host, `expected the members of ${what} to be spelled as the specification does`);
    }
  }
}

/** The error for a JSON document that cannot be read; one that is too large is named as that. */
export function unreadable(host: string, what: string, error: unknown, maxValues: number): RegistryError {
  if (!(error instanceof StrictJsonError) || error.fault !== 'too-many-values') {
    return malformed(host, `expected ${what} to be one unambiguous JSON object`, error);
  }
  const message = `expected ${what} to have at most ${maxValues} values`;
  return new RegistryError('too-large', host, message, { limit: 'jsonValuesCount', cause: error });
}

/** What a registry answered is not of the shape that was asked for; `message` says what was expected, in our words. */
export function malformed(host: string, message: string, cause?: unknown): RegistryError {
  return new RegistryError('malformed', host, message, { cause });
}
