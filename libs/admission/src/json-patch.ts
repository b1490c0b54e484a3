import type { VerifiedGround } from './ground.js';
import type { FoundSites, SiteId } from './image-sites.js';
import type { SiteJudgement } from './judgement.js';

/** RFC 6902. The `test` makes the API server fail the patch where another webhook has moved the list (S21). */
export interface PatchOperation {
  readonly op: 'test' | 'replace';
  readonly path: SiteId;
  readonly value: string;
}

/**
 * Pins every verified image that carries no digest yet. A reference with the proven digest stays as it is written, and
 * unchanged, static and child sites are never touched.
 */
export function pinningPatch(
  { sites }: FoundSites,
  judgements: ReadonlyMap<SiteId, SiteJudgement>,
): readonly PatchOperation[] {
  const patch: PatchOperation[] = [];
  for (const { id, image } of sites) {
    const judgement = judgements.get(id);
    if (image === undefined || judgement?.outcome !== 'admitted' || judgement.ground.kind !== 'verified')
      continue;
    const { reference, mode } = judgement.ground;
    if (mode === 'insecureValidateOnly' || reference.digest !== undefined) continue;
    patch.push({ op: 'test', path: id, value: image });
    patch.push({ op: 'replace', path: id, value: pinned(judgement.ground) });
  }
  return patch;
}

/** The same ground serves every admission of a remembered image. */
const PINNED = new WeakMap<VerifiedGround, string>();

function pinned(ground: VerifiedGround): string {
  const known = PINNED.get(ground);
  if (known !== undefined) return known;
  const text = ground.reference.withDigest(ground.digest).toString();
  PINNED.set(ground, text);
  return text;
}

/** The form in which an AdmissionReview carries a patch. */
export function encodePatch(patch: readonly PatchOperation[]): string {
  return Buffer.from(JSON.stringify(patch), 'utf8').toString('base64');
}
