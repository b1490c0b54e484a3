import { type Digest, parseDigest } from './digest.js';
import { ImageReferenceError } from './error.js';

/** A reference in canonical form. Immutable; made by {@link parseImageReference} only. */
export class ImageReference {
  /** The text as the user wrote it. */
  readonly original: string;
  /** Registry host in canonical form: lower case, `docker.io` for all of Docker Hub's names, no `:443`. */
  readonly host: string;
  /** Repository path on that host, for example `library/nginx`. */
  readonly path: string;
  /** Absent only where the user gave a digest and no tag. */
  readonly tag: string | undefined;
  /** Present means: this digest and no other, whatever the tag says. */
  readonly digest: Digest | undefined;

  /** @internal */
  constructor(parts: {
    original: string;
    host: string;
    path: string;
    tag: string | undefined;
    digest: Digest | undefined;
  }) {
    this.original = parts.original;
    this.host = parts.host;
    this.path = parts.path;
    this.tag = parts.tag;
    this.digest = parts.digest;
  }

  /** `host/path`. */
  get repository(): string {
    return `${this.host}/${this.path}`;
  }

  /** The same image, pinned to `digest`; the tag stays. */
  withDigest(digest: Digest): ImageReference {
    return new ImageReference({ ...this, digest });
  }

  /** `host/path[:tag][@digest]`, the form that policy, cache, bus and patch use. */
  toString(): string {
    return `${this.repository}${this.tag === undefined ? '' : `:${this.tag}`}${this.digest === undefined ? '' : `@${this.digest}`}`;
  }
}

/** Text to reference; throws {@link ImageReferenceError}. */
export function parseImageReference(text: string): ImageReference {
  const [name = '', digestText] = text.split('@');
  const digest = digestText === undefined ? undefined : parseDigest(digestText);
  const match = /^(?:([^/]*[.:][^/]*|localhost)\/)?([a-z0-9._/-]+)(?::([\w][\w.-]{0,127}))?$/.exec(name);
  if (match === null) throw new ImageReferenceError('path', `"${text}" is not an image reference`);
  const host = match[1] ?? 'docker.io';
  const path = match[2] ?? '';
  return new ImageReference({
    original: text,
    host,
    path: host === 'docker.io' && !path.includes('/') ? `library/${path}` : path,
    tag: match[3] ?? (digest === undefined ? 'latest' : undefined),
    digest,
  });
}
