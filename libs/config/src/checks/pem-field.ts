import { parseCertificates } from '../pem/certificates.js';
import { PemError } from '../pem/pem-error.js';
import { parsePublicKey } from '../pem/public-key.js';
import type { Path } from '../path.js';
import type { FindingCode, Report } from '../report.js';

/** The key in our spelling; when it is none, a finding, and the text as it was. */
export function publicKeyAt(text: string, report: Report, path: Path): string {
  return reported('public-key', parsePublicKey, text, report, path);
}

/** The certificates in our spelling; when they are none, a finding, and the text as it was. */
export function certificatesAt(text: string, report: Report, path: Path): string {
  return reported('certificate', parseCertificates, text, report, path);
}

function reported(
  code: FindingCode,
  parse: (text: string) => string,
  text: string,
  report: Report,
  path: Path,
): string {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof PemError)) throw error;
    report.error(code, error.message, path);
    return text;
  }
}
