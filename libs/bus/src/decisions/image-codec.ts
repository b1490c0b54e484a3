import type { DecidedImage } from '#contracts';

const OUTCOMES = ['admitted', 'refused', 'undecided'] as const;
const GROUNDS = [undefined, 'verified', 'static', 'child', 'unchanged'] as const;
const CACHED = [undefined, false, true] as const;

/** Letters for the usual beginnings of a site. A site in full starts with `/`, any other text with `=`. */
const SITE_PREFIXES = [
  ['c', '/spec/containers/'],
  ['C', '/spec/template/spec/containers/'],
  ['i', '/spec/initContainers/'],
  ['I', '/spec/template/spec/initContainers/'],
  ['e', '/spec/ephemeralContainers/'],
  ['J', '/spec/jobTemplate/spec/template/spec/containers/'],
] as const;

const SHA256 = 'sha256:';
/** In the place of a digest: the one that the reference ends in. */
const DIGEST_OF_REFERENCE = 1;
/** In the place of rule and validator: those of the image before, which is the usual case in a pod. */
const AS_BEFORE = 1;

/** The image's fields that the wire form carries; one that the contract gains does not compile before it is one of these. */
type Carried =
  | 'image'
  | 'sites'
  | 'outcome'
  | 'ground'
  | 'digest'
  | 'code'
  | 'message'
  | 'rule'
  | 'validator'
  | 'cached'
  | 'evidence';
export const carriesEveryImageField: Exclude<keyof DecidedImage, Carried> extends never ? true : never = true;

/** A remembered image is one value in all its records, mostly behind the same other one. */
const TEXTS = new WeakMap<
  DecidedImage,
  { readonly before: DecidedImage | undefined; readonly text: string }
>();

/** JSON text of {@link encodeImage}. */
export function imageText(decided: DecidedImage, before: DecidedImage | undefined): string {
  const known = TEXTS.get(decided);
  if (known !== undefined && known.before === before) return known.text;
  const text = JSON.stringify(encodeImage(decided, before));
  TEXTS.set(decided, { before, text });
  return text;
}

/**
 * One image in short: reference, outcome bits, sites, digest, rule and validator; then what is rare, under its names.
 * `before` is the image before it in the record. The evidence travels beside the record.
 */
function encodeImage(decided: DecidedImage, before: DecidedImage | undefined): unknown[] {
  const { image, digest, code, message } = decided;
  const wire: unknown[] = [
    image,
    OUTCOMES.indexOf(decided.outcome) |
      (GROUNDS.indexOf(decided.ground) << 2) |
      (CACHED.indexOf(decided.cached) << 5),
    decided.sites.map(encodeSite),
    digest === undefined ? 0 : encodeDigest(image, digest),
    encodeOrigin(decided, before),
  ];
  if (code !== undefined || message !== undefined) wire.push({ code, message });
  return wire;
}

/** The plain value that the contract's schema then judges: what is wrong on the wire is wrong after it too. */
export function decodeImage(
  wire: readonly unknown[],
  before: Record<string, unknown> | undefined,
): Record<string, unknown> {
  const [image, bits, sites, digest, origin, rare] = wire;
  const flags = Number(bits);
  return dropUndefined({
    image,
    outcome: OUTCOMES[flags & 3],
    ground: GROUNDS[(flags >> 2) & 7],
    cached: CACHED[(flags >> 5) & 3],
    sites: Array.isArray(sites) ? sites.map(decodeSite) : sites,
    digest: decodeDigest(image, digest),
    ...(origin === AS_BEFORE
      ? { rule: before?.['rule'], validator: before?.['validator'] }
      : decodeOrigin(origin)),
    ...pick(rare, ['code', 'message']),
  });
}

/** An absent key and a key that is undefined are one thing in JSON; the decoded value has only absent ones. */
export function dropUndefined(value: Record<string, unknown>): Record<string, unknown> {
  for (const key of Object.keys(value)) if (value[key] === undefined) delete value[key];
  return value;
}

/** These fields of what should be an object; a newer writer may send more, which is left out. */
export function pick(value: unknown, names: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([name]) => names.includes(name)));
}

function encodeOrigin({ rule, validator }: DecidedImage, before: DecidedImage | undefined): unknown {
  if (rule === undefined && validator === undefined) return 0;
  const asBefore =
    before !== undefined &&
    rule?.index === before.rule?.index &&
    rule?.pattern === before.rule?.pattern &&
    validator?.name === before.validator?.name &&
    validator?.type === before.validator?.type;
  return asBefore ? AS_BEFORE : [rule?.index, rule?.pattern, validator?.name, validator?.type];
}

function decodeOrigin(wire: unknown): { rule?: unknown; validator?: unknown } {
  if (!Array.isArray(wire)) return {};
  const [index, pattern, name, type] = wire as unknown[];
  return {
    rule: index === null ? undefined : { index, pattern },
    validator: name === null ? undefined : { name, type },
  };
}

function encodeSite(site: string): string {
  if (!site.startsWith('/')) return `=${site}`;
  for (const [letter, prefix] of SITE_PREFIXES)
    if (site.startsWith(prefix)) return letter + site.slice(prefix.length);
  return site;
}

function decodeSite(wire: unknown): unknown {
  if (typeof wire !== 'string' || wire.startsWith('/')) return wire;
  if (wire.startsWith('=')) return wire.slice(1);
  const prefix = SITE_PREFIXES.find(([letter]) => wire.startsWith(letter))?.[1];
  return prefix === undefined ? undefined : prefix + wire.slice(1);
}

function encodeDigest(image: string, digest: string): string | number {
  const at = image.length - digest.length - 1;
  if (image.charAt(at) === '@' && image.endsWith(digest) && !digest.includes('@')) return DIGEST_OF_REFERENCE;
  return digest.startsWith(SHA256) && digest.charAt(SHA256.length) !== '='
    ? digest.slice(SHA256.length)
    : `=${digest}`;
}

function decodeDigest(image: unknown, wire: unknown): unknown {
  if (wire === 0) return undefined;
  if (wire === DIGEST_OF_REFERENCE && typeof image === 'string')
    return image.slice(image.lastIndexOf('@') + 1);
  if (typeof wire !== 'string') return wire;
  return wire.startsWith('=') ? wire.slice(1) : SHA256 + wire;
}
