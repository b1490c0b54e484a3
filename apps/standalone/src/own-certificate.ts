import { issueServing, makeAuthority } from '#certificates';

const LIFETIME_MS = 90 * 86_400_000;

/** A certificate for localhost and the given names, and the certificate authority that vouches for it; PEM. */
export interface OwnCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a short-lived authority and one serving certificate; the authority's key is forgotten at once. */
export async function makeOwnCertificate(names: readonly string[], now: Date): Promise<OwnCertificate> {
  const lifetime = { now, lifetimeMs: LIFETIME_MS };
  const authority = await makeAuthority('Connaisseur standalone CA', lifetime);
  const serving = await issueServing(authority, ['localhost', '127.0.0.1', '::1', ...names], lifetime);
  return { ca: authority.cert, ...serving };
}
