import {
  DOCKER_HUB,
  ImageReferenceError,
  isDigest,
  isHost,
  parseHost,
  parseImageReference,
} from '#image-ref';

import { PatternError, type PatternFault } from './error.js';
import { assertPatternCharacters, assertPatternText } from './pattern-text.js';

export interface StrictName {
  /** In canonical form, with stars. */
  readonly host: string;
  readonly path: string;
}

/** A pattern taken apart. No name: every repository of every registry. */
export interface StrictSyntax {
  readonly name: StrictName | undefined;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Stands for a star where a pattern is tried out as a reference. */
const SAMPLE = 'x';

/** The one place for brackets, where no other pattern can have them. */
const IPV6_HOST = /^\[[0-9A-Fa-f]*:[0-9A-Fa-f:]*\]/;

/** Text to the parts of a strict pattern, the host in canonical form; throws PatternError. */
export function parseStrict(pattern: string): StrictSyntax {
  assertPatternText(pattern);
  assertPatternCharacters(pattern.replace(IPV6_HOST, ''));

  const text = pattern.replaceAll(/\*+/g, '*');
  const at = text.indexOf('@');
  const digest = at === -1 ? undefined : text.slice(at + 1);
  assertDigest(digest);
  const { name, tag } = splitTag(at === -1 ? text : text.slice(0, at));
  const parts = { name: name === '*' ? undefined : parseName(name), tag, digest };
  assertSatisfiable(parts);
  return parts;
}

function assertDigest(digest: string | undefined): void {
  if (digest === undefined || digest === '*' || isDigest(digest)) return;
  if (/^sha256:[0-9a-f*]{1,64}$/.test(digest) && digest.includes('*')) return;
  throw new PatternError(
    'digest',
    'expected "@sha256:" and 64 lower-case hex digits, or "*" for some of them',
  );
}

function splitTag(text: string): { name: string; tag: string | undefined } {
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  return colon === -1
    ? { name: text, tag: undefined }
    : { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function parseName(name: string): StrictName {
  const slash = name.indexOf('/');
  if (slash === -1) return { host: DOCKER_HUB, path: `library/${unambiguous(name)}` };

  const first = name.slice(0, slash);
  const rest = name.slice(slash + 1);
  if (first === '*') return { host: '*', path: rest };
  if (!/[.:]/.test(first) && first.includes('*')) unambiguous(first);
  if (!isHost(first)) return { host: DOCKER_HUB, path: name };
  const host = first.includes('*') ? parseHostGlob(first) : canonicalHost(first);
  const official = host === DOCKER_HUB && !/[/*]/.test(rest);
  return { host, path: official ? `library/${rest}` : rest };
}

/** Refuses what a runtime would read as an image of Docker Hub and a reader as a host. */
function unambiguous(component: string): string {
  if (component !== 'localhost' && !/[*.[]/.test(component)) return component;
  throw new PatternError(
    'ambiguous-host',
    `expected a host and a path, got "${component}": put "${DOCKER_HUB}/" in front for Docker Hub, "*/" for any ` +
      'registry, or name the host in full, such as "ghcr.io/*"',
  );
}

/** Stars are whole labels, and never the last one: whoever has the end of a name has the name. */
function parseHostGlob(text: string): string {
  const colon = text.indexOf(':');
  const labels = (colon === -1 ? text : text.slice(0, colon)).split('.');
  if (labels.some((label) => label.includes('*') && label !== '*') || labels.at(-1) === '*') {
    throw new PatternError(
      'host',
      'expected "*" in a host to be a whole label and not the last one, such as "*.corp.example"',
    );
  }
  const sample = labels.map((label) => (label === '*' ? SAMPLE : label)).join('.');
  const [name = '', port] = canonicalHost(colon === -1 ? sample : sample + text.slice(colon)).split(':');
  const canonical = name.split('.').map((label, index) => (labels[index] === '*' ? '*' : label));
  return canonical.join('.') + (port === undefined ? '' : `:${port}`);
}

function canonicalHost(text: string): string {
  try {
    return parseHost(text);
  } catch (error) {
    throw asPatternError(error);
  }
}

/** With the stars filled in, a pattern must be a reference: then it can match, and has no part that is mistaken. */
function assertSatisfiable({ name, tag }: StrictSyntax): void {
  const host = name === undefined || name.host === '*' ? 'registry.example' : name.host;
  const sample = `${host}/${name?.path ?? SAMPLE}${tag === undefined ? '' : `:${tag}`}`;
  try {
    parseImageReference(sample.replaceAll('*', SAMPLE));
  } catch (error) {
    throw asPatternError(error);
  }
}

const SAME_FAULT: ReadonlySet<string> = new Set(['too-long', 'port', 'path', 'upper-case', 'tag']);

function asPatternError(error: unknown): unknown {
  if (!(error instanceof ImageReferenceError)) return error;
  // The set holds nothing but words that both unions have.
  const reason = SAME_FAULT.has(error.fault) ? (error.fault as PatternFault) : 'host';
  return new PatternError(reason, error.message, { cause: error });
}
