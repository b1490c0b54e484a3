import { type Digest, isDigest } from '#image-ref';

/** The digest that a reference ends in; a tag says only what it means today, so it has none (K29). */
export function pinnedDigest(image: string | undefined): Digest | undefined {
  const at = image?.lastIndexOf('@') ?? -1;
  if (image === undefined || at <= 0) return undefined;
  const digest = image.slice(at + 1);
  return isDigest(digest) ? digest : undefined;
}
