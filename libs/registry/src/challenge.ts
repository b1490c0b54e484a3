import { REGISTRY_LIMITS } from './limits.js';

/** One challenge of a `WWW-Authenticate` header; RFC 9110, 11.6.1. Names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SCHEME = new RegExp(`(${TOKEN})(?= |,|$)`, 'y');
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?= *(?:,|$))/y;
const PARAMETER = new RegExp(
  `(${TOKEN})[ \\t]*=[ \\t]*(?:(${TOKEN})|"((?:[\\t !#-[\\]-~]|\\\\[\\t -~])*)")`,
  'y',
);
const COMMAS = /[ \t]*(?:,[ \t]*)+/y;
const SPACES = / +/y;

/** Header to challenges; `undefined` where it is too long, is not the grammar's, or names a parameter twice. */
export function parseChallenges(header: string): readonly Challenge[] | undefined {
  if (header.length > REGISTRY_LIMITS.challengeCharacters) return undefined;
  const reader = new Reader(header.trim());
  const challenges: Challenge[] = [];
  while (!reader.atEnd) {
    const challenge = readChallenge(reader);
    if (challenge === undefined) return undefined;
    challenges.push(challenge);
  }
  return challenges;
}

function readChallenge(reader: Reader): Challenge | undefined {
  const scheme = reader.take(SCHEME)?.[1];
  if (scheme === undefined) return undefined;
  const parameters = new Map<string, string>();
  const challenge = { scheme: scheme.toLowerCase(), parameters };
  if (reader.take(SPACES) === undefined || (!reader.sees(PARAMETER) && reader.take(TOKEN68) !== undefined)) {
    return reader.atEnd || reader.take(COMMAS) !== undefined ? challenge : undefined;
  }
  for (;;) {
    const parameter = reader.take(PARAMETER);
    if (parameter === undefined) return undefined;
    const [, name = '', token, quoted = ''] = parameter;
    if (parameters.has(name.toLowerCase())) return undefined;
    parameters.set(name.toLowerCase(), token ?? quoted.replaceAll(/\\(.)/g, '$1'));
    if (reader.atEnd) return challenge;
    if (reader.take(COMMAS) === undefined) return undefined;
    if (!reader.sees(PARAMETER)) return challenge;
  }
}

/** A place in a text, moved by sticky expressions. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  sees(expression: RegExp): boolean {
    expression.lastIndex = this.#at;
    return expression.test(this.#text);
  }

  take(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#text);
    if (match === null) return undefined;
    this.#at = expression.lastIndex;
    return match;
  }
}
