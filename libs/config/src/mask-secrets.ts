import { editDistance } from './suggestion.js';

/** Values below these keys are secrets, or may hold one. A misspelt one is exactly what an excerpt would show. */
const SECRET_KEYS = ['receiverurl', 'password', 'customheaders', 'payloadfields', 'envs', 'token', 'secret'];
const KEY = /^(\s*(?:- +)*)(?:["']?([A-Za-z_][\w.-]*)["']?\s*:)?/;
const INLINE_KEY = /["']?\b([A-Za-z_]\w*)["']?\s*:(?=\s|$|["'])/g;
const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/;
const URL_BEHIND_HOST = /(https?:\/\/)(?:[^\s/"'@]*@)?([^\s/"']+)\/[^\s"',}\]]*/gi;

/**
 * The same lines with everything that may be a secret as `***`. Works on lines and not on the document, because the
 * document may be one that does not parse.
 */
export function maskSecrets(lines: readonly string[]): string[] {
  let secretIndent: number | undefined;
  let inPrivateKey = false;
  return lines.map((line) => {
    const indent = line.length - line.trimStart().length;
    if (inPrivateKey || PRIVATE_KEY.test(line)) {
      inPrivateKey = !/-----END /.test(line);
      return `${line.slice(0, indent)}***`;
    }
    if (secretIndent !== undefined && line.trim() !== '') {
      if (indent > secretIndent || (indent === secretIndent && line.trimStart().startsWith('-'))) {
        return `${line.slice(0, indent)}***`;
      }
      secretIndent = undefined;
    }
    const end = secretStart(line);
    if (end === undefined) return line.replace(URL_BEHIND_HOST, '$1$2/***');
    secretIndent = keyIndent(line);
    return line.slice(end).trim() === '' ? line : `${line.slice(0, end)} ***`;
  });
}

/** Where the value of the first secret key of this line begins. */
function secretStart(line: string): number | undefined {
  for (const match of line.matchAll(INLINE_KEY)) {
    if (isSecretKey(match[1] ?? '')) return match.index + match[0].length;
  }
  return undefined;
}

/** The column of the key itself: `- key: value` nests below the key and not below the dash. */
function keyIndent(line: string): number {
  return KEY.exec(line)?.[1]?.length ?? 0;
}

function isSecretKey(key: string): boolean {
  const plain = key.toLowerCase().replaceAll('_', '');
  if (plain === 'secretname') return false;
  return SECRET_KEYS.some(
    (secret) =>
      plain.includes(secret) ||
      (plain.length > 4 && editDistance(plain, secret) <= (secret.length > 6 ? 2 : 1)),
  );
}
