import { decodeBase64 } from './encoding.js';
import { TrustError } from './error.js';

/** Larger than any key or certificate that we use. */
const MAX_PEM_CHARACTERS = 65_536;
const BOUNDARY = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,63})-----$/;

export interface PemBlock<Label extends string> {
  readonly label: Label;
  readonly der: Uint8Array;
}

/**
 * Reads a text that is exactly one PEM block (RFC 7468, strict) with one of the given labels; blank lines around it are
 * allowed, since YAML adds them. Throws {@link TrustError} for a second block, other text, headers, another label.
 */
export function parsePem<Label extends string>(text: string, labels: readonly Label[]): PemBlock<Label> {
  if (text.length > MAX_PEM_CHARACTERS) {
    throw new TrustError(
      'pem',
      `expected a PEM block of at most ${MAX_PEM_CHARACTERS} characters, got ${text.length}`,
    );
  }
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trimEnd());
  const found = boundary(lines[0], 'BEGIN');
  const label = labels.find((allowed) => allowed === found);
  if (label === undefined) {
    throw new TrustError('pem-label', `expected one PEM block "${labels.join('" or "')}", got "${found}"`);
  }
  if (lines.length < 3 || boundary(lines.at(-1), 'END') !== label) {
    throw new TrustError('pem', `expected a PEM block that ends with "-----END ${label}-----"`);
  }
  return { label, der: decodeBody(lines.slice(1, -1)) };
}

function boundary(line: string | undefined, kind: 'BEGIN' | 'END'): string {
  const match = BOUNDARY.exec(line ?? '');
  if (match?.[1] !== kind || match[2] === undefined) {
    throw new TrustError('pem', `expected a line "-----${kind} …-----" and nothing but one PEM block`);
  }
  return match[2];
}

function decodeBody(lines: readonly string[]): Uint8Array {
  // A boundary of a second block, a header or text between lines is no base64, so this refuses them too.
  try {
    return decodeBase64(lines.join(''));
  } catch (cause) {
    throw new TrustError('pem', 'expected base64 between the boundaries of exactly one PEM block', { cause });
  }
}
