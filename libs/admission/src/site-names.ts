import type { ImageSite } from './image-sites.js';

/**
 * Where an image stands among the containers and volumes: the same in an object, in its older version, and in what a
 * controller makes from its template. Unambiguous: no list has a slash in its name.
 */
export function siteName(site: ImageSite): string | undefined {
  return site.name === undefined ? undefined : `${site.list}/${site.name}`;
}

/** Sites by list and name; `undefined` for a name that occurs twice, because then it does not say which is which. */
export function sitesByName(sites: readonly ImageSite[]): ReadonlyMap<string, ImageSite | undefined> {
  const named = new Map<string, ImageSite | undefined>();
  for (const site of sites) {
    const name = siteName(site);
    if (name !== undefined) named.set(name, named.has(name) ? undefined : site);
  }
  return named;
}
