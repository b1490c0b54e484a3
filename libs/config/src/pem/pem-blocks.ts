import { PemError } from './pem-error.js';

export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

const BEGIN = /^-----BEGIN ([A-Z0-9 ]+)-----$/;
const END = /^-----END ([A-Z0-9 ]+)-----$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * The blocks of a PEM text (RFC 7468, strict base64), and the lines beside them. A begin without its end, or an end of
 * another label, is an error and not a block less.
 */
export function pemBlocks(text: string): { readonly blocks: readonly PemBlock[]; readonly rest: string } {
  const blocks: PemBlock[] = [];
  const rest: string[] = [];
  let open: { label: string; body: string[] } | undefined;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    const begin = BEGIN.exec(line)?.[1];
    const end = END.exec(line)?.[1];
    if (open === undefined && begin !== undefined) {
      open = { label: begin, body: [] };
    } else if (open !== undefined && end === open.label) {
      blocks.push({ label: open.label, der: decode(open.body.join('')) });
      open = undefined;
    } else if (line.includes('-----BEGIN') || line.includes('-----END')) {
      throw new PemError(
        'expected BEGIN and END on lines of their own, in pairs: in YAML, write "|" and not ">"',
      );
    } else {
      (open?.body ?? rest).push(line);
    }
  }
  if (open !== undefined) throw new PemError(`expected a line "-----END ${open.label}-----"`);
  return { blocks, rest: rest.join('\n') };
}

/** The one way that we write a block, so that equal contents are equal texts. */
export function toPem({ label, der }: PemBlock): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

function decode(body: string): Buffer {
  const text = body.replaceAll(/[\t ]/g, '');
  const der = Buffer.from(text, 'base64');
  if (BASE64.test(text) && der.toString('base64') === text) return der;
  throw new PemError(
    'expected base64 between the BEGIN and END lines: is the text cut, or are there headers in it?',
  );
}
