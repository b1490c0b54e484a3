/*
 * Patterns in strict matching:
 *
 *   pattern    = name [ ":" tag ] [ "@" digest ]
 *   name       = "*"                             every repository of every registry
 *              / host "/" path
 *              / first *( "/" component )        on Docker Hub; `nginx` is `docker.io/library/nginx`
 *   host       = "*"                             every host
 *              / 1*( ( label / "*" ) "." ) label [ ":" port ]   each "*" is one or more whole labels
 *              / any other host of a reference: localhost, IPv4, "[" IPv6 "]", with its port
 *   path       = component *( "/" component )    a "*" is any run of characters, "/" too
 *   first      = component without "*" that is not a host: no ".", no ":", no capitals, not `localhost`
 *   component  = 1*( lower-case letter / digit / "." / "_" / "-" / "*" )
 *   tag        = 1*( letter / digit / "." / "_" / "-" / "*" )
 *   digest     = "*" / "sha256:" 1*( lower-case hex digit / "*" )
 *
 * A pattern without tag, or with the tag `*`, is for every tag and for none; one without digest for every digest and for
 * none. Nothing else is implied. With an `x` for each "*", host, path and tag are a reference that a runtime would pull.
 */
import { DOCKER_HUB, type ImageReference, isHost } from '#image-ref';

import { Glob } from './glob.js';
import { HostGlob } from './host-glob.js';
import type { Dialect, Pattern } from './pattern.js';
import { parseStrict, type StrictName } from './strict-syntax.js';

/** Patterns that are matched part by part against canonical references. */
export const strictDialect: Dialect = {
  parse(text) {
    const { name, tag, digest } = parseStrict(text);
    const suffix = (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
    const qualifiers = [globOfTag(tag), digest === undefined ? undefined : new Glob(digest)];
    if (name === undefined) return [everywhere(suffix, qualifiers)];
    return spellings(name).map((spelling) => toPattern(spelling, suffix, tag, qualifiers));
  },

  subject(image) {
    const name = image.toString();
    return {
      name,
      components: name.split('/'),
      keys: keysOf(image),
      parts: [image.host, image.path, image.tag, image.digest],
    };
  },

  compose([host = 'registry.example', path = 'x', tag, digest]) {
    const hex = digest === undefined ? '' : `@sha256:${digest.replace(/^sha256:/, '').padEnd(64, '0')}`;
    return `${isHost(host) ? host : `${host}.example`}/${path}${tag === undefined ? '' : `:${tag}`}${hex}`;
  },
};

/** `:*` is every tag and no tag, so that it covers references by digest. */
function globOfTag(tag: string | undefined): Glob | undefined {
  return tag === undefined || tag === '*' ? undefined : new Glob(tag);
}

function everywhere(suffix: string, qualifiers: readonly (Glob | undefined)[]): Pattern {
  const text = `*${suffix}`;
  return { text, components: [text], certain: [0], key: '', parts: [undefined, undefined, ...qualifiers] };
}

interface Spelling extends StrictName {
  readonly matched: HostGlob;
}

/**
 * `x` and `library/x` are one repository on Docker Hub. Where a path of one component may mean an official image (its host
 * takes in Docker Hub, it does not start with a `*`), both spellings are patterns of the rule.
 */
function spellings({ host, path }: StrictName): readonly Spelling[] {
  const own = { host, path, matched: new HostGlob(host) };
  if (path.includes('/') || path.startsWith('*') || !own.matched.matches(DOCKER_HUB)) return [own];
  return [own, { host, path: `library/${path}`, matched: new HostGlob(DOCKER_HUB) }];
}

function toPattern(
  { host, path, matched }: Spelling,
  suffix: string,
  tag: string | undefined,
  qualifiers: readonly (Glob | undefined)[],
): Pattern {
  const text = `${host}/${path}${suffix}`;
  return {
    text,
    components: text.split('/'),
    certain: [headLength(host), ...certainOfPath(path, tag)],
    key: (matched.isLiteral ? matched.text : '') + keyOfPath(path),
    parts: [matched, new Glob(path), ...qualifiers],
  };
}

/** `/path` for a path without stars, `/first/` for one whose first component has none, or nothing. */
function keyOfPath(path: string): string {
  if (!path.includes('*')) return `/${path}`;
  const first = path.slice(0, path.indexOf('/') + 1);
  return first === '' || first.includes('*') ? '' : `/${first}`;
}

/** With and without the host, so that patterns for any host are found as fast. */
function keysOf({ host, path }: ImageReference): readonly string[] {
  const slash = path.indexOf('/');
  const parts = [`/${path}`, slash === -1 ? undefined : `/${path.slice(0, slash + 1)}`, ''];
  return parts.flatMap((part) => (part === undefined ? [] : [host + part, part]));
}

/** Up to the first star a path stands where it is compared; behind it, nothing is certain. */
function certainOfPath(path: string, tag: string | undefined): readonly number[] {
  const components = path.split('/');
  const star = components.findIndex((component) => component.includes('*'));
  if (star !== -1) {
    return components.map((component, index) => (index > star ? 0 : headLength(component)));
  }
  const lengths = components.map((component) => component.length);
  if (tag !== undefined && tag !== '*') lengths.push((lengths.pop() ?? 0) + 1 + headLength(tag));
  return lengths;
}

function headLength(text: string): number {
  return new Glob(text).head.length;
}
