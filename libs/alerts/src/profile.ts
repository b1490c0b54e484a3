import type { LeafPosition } from './json-value.js';
import type { Markup } from './markup.js';
import { PROFILES } from './profiles.js';

export type ProfileName = 'slack' | 'opsgenie' | 'keybase' | 'msteams' | 'ecs' | 'generic';

/** The most that a receiver takes at one place; the first row that fits a place counts. */
export interface FieldLimit {
  /** Pattern over the RFC 6901 pointer of the string or list. */
  readonly path: RegExp;
  /** One of the `type` members around it. */
  readonly within?: string;
  readonly maxCharacters?: number;
  readonly maxItems?: number;
}

/** Which markup a place has; the first row that fits counts, else the profile's own. */
export interface MarkupPlace {
  readonly path?: RegExp;
  readonly within?: string;
  readonly markup: Markup;
}

/** What is known about one kind of receiver: facts, so that a template can stay plain JSON. */
export interface Profile {
  readonly name: ProfileName;
  /** Hosts that speak exactly this protocol, so that more than the status tells success. */
  readonly hosts: RegExp | undefined;
  /** Shipped templates that are written for it. */
  readonly templates: readonly string[];
  readonly markup: Markup;
  readonly places: readonly MarkupPlace[];
  readonly limits: readonly FieldLimit[];
  readonly maxBodyBytes: number;
  /** At most `max` alerts within `durationMs`. */
  readonly rate: { readonly max: number; readonly durationMs: number };
  /** `slack-ok`: status 200 and the text `ok`, or JSON whose `ok` is true. */
  readonly success: 'status' | 'slack-ok';
  /** Error words in the body of an answer and what they mean for the person on call. */
  readonly faults: ReadonlyMap<string, string>;
}

/** A profile for a receiver, and whether its host is known to speak that protocol. */
export interface ResolvedProfile {
  readonly profile: Profile;
  readonly isKnownHost: boolean;
}

/** By host where we know it, else by the template's name, else generic. */
export function resolveProfile(template: string, host: string): ResolvedProfile {
  const byHost = PROFILES.find(({ hosts }) => hosts?.test(host.toLowerCase()) === true);
  if (byHost !== undefined) return { profile: byHost, isKnownHost: true };
  const byTemplate = PROFILES.find(({ templates }) => templates.includes(template));
  return { profile: byTemplate ?? GENERIC, isKnownHost: false };
}

/** How an untrusted value must be written at a place. */
export function markupAt(profile: Profile, position: LeafPosition): Markup {
  const place = profile.places.find(({ path, within }) => isAt(position, path, within));
  return place?.markup ?? profile.markup;
}

/** What a place may hold, or nothing where the receiver has no limit. */
export function limitAt(profile: Profile, position: LeafPosition): FieldLimit | undefined {
  return profile.limits.find(({ path, within }) => isAt(position, path, within));
}

/** Any JSON endpoint. */
export const GENERIC: Profile = {
  name: 'generic',
  hosts: undefined,
  templates: [],
  markup: 'none',
  places: [],
  limits: [],
  maxBodyBytes: 256 * 1024,
  rate: { max: 500, durationMs: 1000 },
  success: 'status',
  faults: new Map(),
};

function isAt(position: LeafPosition, path: RegExp | undefined, within: string | undefined): boolean {
  return path?.test(position.path) !== false && (within === undefined || position.types.includes(within));
}
