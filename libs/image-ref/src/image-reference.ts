import { type Digest, parseDigest } from './digest.js';
import { ImageReferenceError } from './error.js';
import { FOREIGN_CHARACTER, IMAGE_ID, MAX_TEXT, TAG } from './grammar.js';
import { normalizeName } from './normalize.js';

interface Parts {
  readonly original: string;
  readonly host: string;
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
}

/** The constructor is private; this is the door that the class leaves open for its own file. */
let create: (parts: Parts) => ImageReference;

/** A reference in canonical form. Immutable; made by {@link parseImageReference} only. */
export class ImageReference {
  /** The text as the user wrote it. */
  readonly original: string;
  /** Registry host in canonical form: lower case, `docker.io` for all of Docker Hub's names, no `:443` (but on a bare name such as `foo:443`). */
  readonly host: string;
  /** Repository path on that host, for example `library/nginx`. */
  readonly path: string;
  /** Absent only where the user gave a digest and no tag. */
  readonly tag: string | undefined;
  /** Present means: this digest and no other, whatever the tag says. */
  readonly digest: Digest | undefined;
  /** A private field also makes the type nominal: no object literal passes for a reference. */
  readonly #canonical: string;

  static {
    create = (parts) => new ImageReference(parts);
  }

  private constructor(parts: Parts) {
    this.original = parts.original;
    this.host = parts.host;
    this.path = parts.path;
    this.tag = parts.tag;
    this.digest = parts.digest;
    const tag = parts.tag === undefined ? '' : `:${parts.tag}`;
    const digest = parts.digest === undefined ? '' : `@${parts.digest}`;
    this.#canonical = `${parts.host}/${parts.path}${tag}${digest}`;
    Object.freeze(this);
  }

  /** `host/path`. */
  get repository(): string {
    return `${this.host}/${this.path}`;
  }

  /** The same image, pinned to `digest`; the tag stays. */
  withDigest(digest: Digest): ImageReference {
    const { original, host, path, tag } = this;
    return create({ original, host, path, tag, digest });
  }

  /** `host/path[:tag][@digest]`, the form that policy, cache, bus and patch use. */
  toString(): string {
    return this.#canonical;
  }
}

/**
 * Text to reference: what a container runtime would pull, or an {@link ImageReferenceError} and nothing else. No message
 * repeats the text, which may hold credentials.
 */
export function parseImageReference(text: string): ImageReference {
  assertReadable(text);
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : parseDigestPart(text.slice(at + 1));
  const { name, tag } = splitTag(at === -1 ? text : text.slice(0, at));
  return create({
    original: text,
    ...normalizeName(name),
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  });
}

/** Everything that is wrong with the text as a whole, in the order that gives the most useful answer. */
function assertReadable(text: string): void {
  if (text === '') throw new ImageReferenceError('empty', 'expected an image reference, got an empty text');
  if (text.length > MAX_TEXT) {
    throw new ImageReferenceError('too-long', `expected at most ${MAX_TEXT} characters, got ${text.length}`);
  }
  if (/[\u0080-\uffff]/.test(text))
    throw new ImageReferenceError('not-ascii', 'expected only ASCII characters');
  if (/[^\x21-\x7e]/.test(text)) {
    throw new ImageReferenceError('character', 'expected no blanks and no control characters');
  }
  if (text.includes('://')) {
    throw new ImageReferenceError(
      'scheme',
      'expected a reference without scheme: remove everything up to "://"',
    );
  }
  if (IMAGE_ID.test(text)) {
    throw new ImageReferenceError('image-id', 'expected a name, got the id of an image: use name@sha256:…');
  }
}

function parseDigestPart(text: string): Digest {
  if (text.includes('/')) {
    throw new ImageReferenceError('user-info', 'expected a reference without user and password');
  }
  return parseDigest(text);
}

/** A colon before the last slash belongs to a port, or to nothing: the host and path rules then refuse it. */
function splitTag(text: string): { name: string; tag: string | undefined } {
  const foreign = FOREIGN_CHARACTER.exec(text);
  if (foreign !== null) {
    throw new ImageReferenceError('character', `expected no "${foreign[0]}" in an image name`);
  }
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  if (colon === -1) return { name: text, tag: undefined };
  const tag = text.slice(colon + 1);
  if (!TAG.test(tag)) {
    throw new ImageReferenceError(
      'tag',
      'expected a tag of 1 to 128 letters, digits, "_", "." and "-", starting with none of the last two',
    );
  }
  return { name: text.slice(0, colon), tag };
}
