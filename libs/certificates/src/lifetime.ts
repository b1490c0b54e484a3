import { parseCertificates } from './trust-bundle.js';

/** Rotated when two thirds of its life are over: what fails then can be tried again for the last third. */
const ROTATE_AT = 2 / 3;

/** From when to when a certificate holds, and from when on it should be replaced. */
export interface CertificateLife {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly rotateAt: Date;
}

/** The life of the first certificate of this PEM. */
export function lifeOf(pem: string): CertificateLife {
  const [first] = parseCertificates(pem);
  if (first === undefined) throw new TypeError('expected a certificate');
  const { validFromDate: notBefore, validToDate: notAfter } = first;
  const rotateAt = new Date(notBefore.getTime() + ROTATE_AT * (notAfter.getTime() - notBefore.getTime()));
  return { notBefore, notAfter, rotateAt };
}
